// test/config/yaml_test.cpp: Troupe's own YAML: every key, and every mistake with its line.
#include "config/print.hpp"
#include "config/registry.hpp"
#include "config/yaml_format.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

struct mistake {
  std::string text;
  std::string complaint;
};

const std::string full = R"(name: c1
tags: [a, b]
metadata: {region: eu}
reactors: 2
listen:
  host: 127.0.0.1
  port: -1
  advertise: "c1:4222"
  tls: {cert_file: c.pem, key_file: k.pem, ca_file: ca.pem, verify: yes, timeout: 3s}
limits: {max_payload: 64KiB, max_connections: 10, max_pending: 8MB}
timing: {ping_interval: 30s, ping_max: 3, write_deadline: 5m}
authorization:
  no_auth_user: guest
  users:
    - user: guest
      permissions: {publish: [a.>, b], subscribe: {deny: "c"}, allow_responses: true}
    - {user: "007", password: "12345", account: A}
monitoring: 127.0.0.1:8222
logging: {level: debug, format: json, file: stdout, size_limit: 10MB}
accounts: {A: {}, B: {users: [{user: bob}]}}
cluster: {name: C, port: 6222, routes: ["nats://a:1"]}
)";

} // namespace

TEST_CASE("every block arrives in its struct") {
  auto result = read_text("troupe.yaml", full);
  REQUIRE(complaints(result) == "");
  auto& o = result.opts;
  CHECK(result.used == front_end::yaml);
  CHECK(o.server_name == "c1");
  CHECK(o.reactors == 2);
  CHECK(o.client.port == -1);
  CHECK(o.client.tls->verify);
  CHECK(o.client.tls->timeout == 3s);
  CHECK(o.limits.max_payload == 65536);
  CHECK(o.timing.write_deadline == 5min);
  REQUIRE(o.authorization.users.size() == 3);
  CHECK(o.authorization.users[1].name == "007");
  CHECK(o.authorization.users[1].account == "A");
  CHECK(o.authorization.users[2].account == "B");
  CHECK(o.authorization.users[0].permissions->responses.has_value());
  CHECK(o.monitoring.host == "127.0.0.1");
  CHECK(o.monitoring.port == 8222);
  CHECK(o.logging.level == log_level::debug);
  CHECK(o.logging.format == log_format::json);
  REQUIRE(o.accounts.size() == 2);
  CHECK(o.accounts[0].name == "A");
  CHECK(o.accounts[1].name == "B");
  CHECK(result.inactive.empty());
  CHECK(o.cluster_name == "C");
  CHECK(o.cluster.port == 6222);
}

TEST_CASE("each mistake in YAML has its sentence with line and column") {
  const mistake mistakes[] = {
      {"limits: {max_payloadd: 5}",
       "t.yaml:1:10: unknown key \"max_payloadd\" in limits; did you mean \"max_payload\"?"},
      {"limit: {max_payload: 5}", "t.yaml:1:1: unknown key \"limit\"; did you mean \"limits\"?"},
      {"qqqqqqqqqqqqqqq: 1", "t.yaml:1:1: unknown key \"qqqqqqqqqqqqqqq\""},
      {"limits.max_payload: 5", "t.yaml:1:1: unknown key \"limits.max_payload\""},
      {"name: c1\nlisten:\n  port: many",
       "t.yaml:3:3: listen.port must be a whole number, not many"},
      {"listen: {port: \"5\"}", "t.yaml:1:10: listen.port must be a whole number, not \"5\""},
      {"listen: {port: 99999}",
       "t.yaml:1:10: listen.port must lie between -1 and 65535, not 99999"},
      {"listen: nowhere", "t.yaml:1:1: listen must be host:port or a port: could not parse address "
                          "string \"nowhere\""},
      {"limits: 5", "t.yaml:1:1: limits must be a map of settings, not 5"},
      {"timing: {ping_interval: 30}",
       "t.yaml:1:10: error parsing timing.ping_interval: time: missing unit in duration \"30\""},
      {"timing: {write_deadline: -1s}",
       "t.yaml:1:10: timing.write_deadline cannot be negative, it is -1s"},
      {"logging: {level: loud}", "t.yaml:1:11: logging.level must be one of trace, debug, info, "
                                 "warn, error, fatal, not loud"},
      {"listen: {allow_non_tls: maybe}",
       "t.yaml:1:10: listen.allow_non_tls must be true or false, not maybe"},
      {"listen: {allow_non_tls: true}",
       "t.yaml:1:10: listen.allow_non_tls needs TLS, which is not configured"},
      {"listen: {tls: {cert_file: c.pem, key_file: k.pem, verify: true}}",
       "t.yaml:1:51: listen.tls.verify needs ca_file, the authorities that clients' certificates "
       "must chain "
       "to"},
      {"listen: {tls: {cert: c.pem}}",
       "t.yaml:1:16: unknown key \"cert\"; did you mean \"cert_file\"?"},
      {"authorization: {users: [{usr: a}]}", "t.yaml:1:26: unknown key \"usr\"; did you mean "
                                             "\"user\"?\nt.yaml:1:26: User entry requires a "
                                             "user"},
      {"authorization: {password: a}",
       "t.yaml:1:17: authorization.password is set without authorization.user"},
      {"monitoring: {host: 0.0.0.0, port: 4222}",
       "t.yaml:1:29: monitoring.port and listen.port are both 4222"},
      {"name: a\nname: b", "t.yaml:2:1: \"name\" is given twice"},
      {"a: [1, 2", "t.yaml:1:1: end of sequence flow not found"},
      {"--- {}\n--- {}", "t.yaml:2:1: only one YAML document is read; remove what begins here"},
      {"- a", "t.yaml:1:1: the file must be a map of keys and values"},
      {"? [a]\n: b", "t.yaml:1:3: a key must be a word"},
      {"reactors: -1", "t.yaml:1:1: reactors must lie between 0 and 1024, not -1"},
      {"metadata: {a: [b]}", "t.yaml:1:1: metadata.a must be text, not a list"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("t.yaml", one.text)) == one.complaint, one.text);
}

TEST_CASE("a YAML text cut at any byte is read without harm") {
  for (size_t cut = 0; cut <= full.size(); ++cut)
    CHECK(parse_yaml(std::string_view{full}.substr(0, cut), "t.yaml").root.kind
          == value::type::map);
}

TEST_CASE("aliases that feed on each other end in an error") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j)
      bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK(parse_yaml(bomb, "t.yaml").error.find("more than 1000000 values") != std::string::npos);
  CHECK_FALSE(parse_yaml("a: &a [*a]", "t.yaml").error.empty());
  CHECK_FALSE(parse_yaml(std::string(20000, '['), "t.yaml").error.empty());
}

TEST_CASE("every key of the table is described and can be written in YAML") {
  auto keys = describe_keys();
  for (auto& entry : registry()) {
    CHECK(keys.find("\n" + std::string{entry.key} + " ") + 1 + (keys.starts_with(entry.key) ? 1 : 0)
          > 0);
    auto dot = entry.key.find('.');
    std::string text{entry.key};
    if (dot != entry.key.npos)
      text = text.substr(0, dot) + ": {" + text.substr(dot + 1) + ": [[]]}";
    else
      text += ": [[]]";
    auto said = complaints(read_text("t.yaml", text)); // a value no key takes
    CHECK_MESSAGE(said.find("unknown key") == said.npos, text);
    CHECK_MESSAGE(said.find("must be") != said.npos, text);
  }
}
