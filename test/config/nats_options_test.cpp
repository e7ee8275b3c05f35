// test/config/nats_options_test.cpp: what each key of nats-server's format sets.
#include "config/registry.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

TEST_CASE("every key that is served arrives in its field") {
  auto result = read_text("s.conf", R"(
listen: "[::1]:-1"
server_name: n1, server_tags: [" Aa ", b]
server_metadata {region: eu}
http: "127.0.0.1:8222"; http_base_path: /x
debug: true, trace: off
logtime: no; logfile: "/l", log_size_limit: 5MB, log_max_num: 3
max_conn: 0; max_subs 7; max_sub_tokens = 9
max_payload: 64kb; max_pending: 1MB, max_control_line 512
ping_interval: "30s", ping_max: 3, write_deadline: 1500ms
lame_duck_duration: "40s", lame_duck_grace_period: "5s"
client_advertise: "a:1", no_header_support: true
authorization {
  timeout: 1.5
  default_permissions {pub: "a.>"}
  users = [
    {user: alice, password: "$2a$10$x", permissions: {
      publish: {allow: [a, b], deny: c}, subscribe: "foo bar", allow_responses: {max: 0, ttl: 5s}}}
    {nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4,
     allowed_connection_types: [standard, websocket]}
  ]
}
no_auth_user: alice
tls {cert_file: c.pem, key_file: k.pem, ca_file: ca.pem, verify: true, timeout: "3s",
     handshake_first: auto, min_version: "1.3", curve_preferences: [CurveP256]}
)");
  REQUIRE(complaints(result) == "");
  auto& o = result.opts;
  CHECK(o.client.host == "::1");
  CHECK(o.client.port == -1);
  CHECK(o.server_name == "n1");
  CHECK(o.server_tags == std::vector<std::string>{"aa", "b"});
  CHECK(o.server_metadata.at("region") == "eu");
  CHECK(o.monitoring.host == "127.0.0.1");
  CHECK(o.monitoring.port == 8222);
  CHECK(o.monitoring.base_path == "/x");
  CHECK(o.logging.level == log_level::debug);
  CHECK(o.logging.format == log_format::nats);
  CHECK_FALSE(o.logging.time);
  CHECK(o.logging.size_limit == 5 * 1024 * 1024);
  CHECK(o.limits.max_connections == 0);
  CHECK(o.limits.max_subscriptions == 7);
  CHECK(o.limits.max_subscription_tokens == 9);
  CHECK(o.limits.max_payload == 65536);
  CHECK(o.timing.ping_interval == 30s);
  CHECK(o.timing.write_deadline == 1500ms);
  CHECK(o.timing.lame_duck_grace_period == 5s);
  CHECK(o.client.advertise == "a:1");
  CHECK(o.authorization.timeout == 1500ms);
  REQUIRE(o.authorization.users.size() == 2);
  auto& alice = o.authorization.users[0];
  CHECK(alice.permissions->publish.deny == std::vector<std::string>{"c"});
  CHECK(alice.permissions->subscribe.allow == std::vector<std::string>{"foo bar"});
  CHECK(alice.permissions->responses->max_messages == 1);
  CHECK(alice.permissions->responses->expires == 5s);
  CHECK(o.authorization.users[1].allowed_connection_types
        == std::vector<std::string>{"STANDARD", "WEBSOCKET"});
  CHECK(o.authorization.default_permissions->publish.allow == std::vector<std::string>{"a.>"});
  REQUIRE(o.client.tls);
  CHECK(o.client.tls->timeout == 3s);
  CHECK(o.client.tls->order == troupe::security::handshake_order::automatic);
  CHECK(o.config_digest.starts_with("sha256:"));
}

TEST_CASE("a variable's own key is exempt from the check for unknown keys") {
  CHECK(complaints(read_text("s.conf", "x: 5\nmax_connections: $x")) == "");
  CHECK(complaints(read_text("s.conf", "x: 5")) == "s.conf:1:0: unknown field \"x\"");
}

TEST_CASE("without a file nats-server's own defaults hold") {
  auto result = made_up_world{}.read("", {}, front_end::nats);
  CHECK(result.can_start());
  CHECK(result.opts.client.host == "0.0.0.0");
  CHECK(result.opts.monitoring.port == 0);
  CHECK_FALSE(result.opts.embedded_default);
}

TEST_CASE("with nothing said at all only this machine may connect") {
  auto result = made_up_world{}.read("");
  CHECK(result.can_start());
  CHECK(result.opts.embedded_default);
  CHECK(result.opts.client.host == "127.0.0.1");
  CHECK(result.opts.client.port == 4222);
  CHECK(result.opts.monitoring.host == "127.0.0.1");
  CHECK(result.opts.monitoring.port == 8222);
}

TEST_CASE("a missing file and an empty one are told as nats-server -t tells them") {
  CHECK(complaints(made_up_world{}.read("nope.conf"))
        == "open nope.conf: no such file or directory");
  auto empty = read_text("s.conf", "# nothing\n");
  CHECK(empty.can_start());
  CHECK(check_lines(empty, "s.conf")
        == std::vector<std::string>{"s.conf: config has no values or is empty"});
  auto late = read_text("s.conf", "no_auth_user: a"); // a cross-check, which -t does not do
  CHECK_FALSE(late.can_start());
  CHECK(check_lines(late, "s.conf").empty());
}

TEST_CASE("no two options share a name, in either format") {
  std::map<std::string_view, int> seen;
  for (auto& entry : registry())
    CHECK(++seen[entry.key] == 1);
  for (auto& entry : registry())
    if (!entry.nats.empty())
      CHECK(find_nats_option(entry.nats.substr(0, entry.nats.find(' '))) == &entry);
}
