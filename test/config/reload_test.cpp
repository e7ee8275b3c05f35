// test/config/reload_test.cpp: what a reload says and refuses, and what --check prints.
#include "config/closest.hpp"
#include "config/difference.hpp"
#include "config/duration.hpp"
#include "config/print.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;

namespace {

difference between(const std::string& before, const std::string& after) {
  auto read = [](const std::string& text) {
    auto result = read_text("f.conf", "port: -1\nserver_name: n1\n" + text);
    REQUIRE(complaints(result) == "");
    return result.opts;
  };
  return compare(read(before), read(after));
}

struct reload {
  std::string before, after, said;
};

} // namespace

TEST_CASE("a reload tells what has changed, in nats-server's words") {
  const reload reloads[] = {
      {"", "debug: true", "Reloaded: debug = true"},
      {"", "debug: true\ntrace: true", "Reloaded: trace = true\nReloaded: debug = true"},
      {"debug: true", "", "Reloaded: debug = false"},
      {"", "max_payload: 1000", "Reloaded: max_payload = 1000"},
      {"", "max_control_line: 1000", "Reloaded: max_control_line = 1000"},
      {"", "ping_interval: 30s", "Reloaded: ping_interval = 30s"},
      {"ping_interval: 30s", "", "Reloaded: ping_interval = 2m0s"},
      {"", "ping_max: 5", "Reloaded: ping_max = 5"},
      {"", "write_deadline: \"5s\"", "Reloaded: write_deadline = 5s"},
      {"", "server_tags: [a, b]", "Reloaded: tags"},
      {"", "server_metadata: {a: b}", "Reloaded: metadata"},
      {"", "pid_file: /tmp/x", "Reloaded: pid_file = /tmp/x"},
      {"", "audit_file: /tmp/a", "Reloaded: audit_file = /tmp/a"}, // ours
      {"", "client_advertise: a:1", "Reload: client_advertise = a:1"},
      {"", "max_connections: 10", "Reloaded: max_connections = 10"},
      {"", "logtime: false", "Reloaded: logtime = false"},
      {"", "max_traced_msg_len: 5", "Reloaded: max_traced_msg_len = 5"},
      {"", "trace_headers: true", "Reloaded: trace_headers = true"},
      {"", "no_fast_producer_stall: true", "Reloaded: fast producers will not be stalled"},
      {"", "authorization {user: a, pass: b}",
       "Reloaded: authorization username\nReloaded: authorization password"},
      {"", "authorization {token: b}", "Reloaded: authorization token"},
      {"", "tls {cert_file: c.pem, key_file: k.pem}", "Reloaded: tls = enabled"},
      {"", "accounts {A {}}", "Reloaded: accounts"},
      {"accounts {A {users: [{user: a, password: b}]}}",
       "accounts {A {users: [{user: a, password: c}]}}", "Reloaded: authorization users"},
      {"authorization {users: [{user: a, password: b}]}",
       "authorization {users: [{user: a, password: b}], default_permissions {publish: x}}",
       "Reloaded: default permissions"},
  };
  for (auto& one : reloads) {
    auto found = between(one.before, one.after);
    std::string text;
    for (auto& line : found.lines())
      text += line + "\n";
    CHECK_MESSAGE(text == one.said + "\n", one.after);
    CHECK(first_refusal(found).empty());
  }
}

TEST_CASE(
    "a reload of the same options, however they are written, says that no option has changed") {
  auto users = std::string{"authorization {users: [{user: a, password: b}]}\n"};
  auto accounts = std::string{"accounts {A {users: [{user: c, password: d}], exports: [{stream: "
                              "x}]}, B {users: [{user: e, password: f}]}}\n"};
  auto other_order = std::string{"accounts {B {users: [{user: e, password: f}]}, A {users: [{user: "
                                 "c, password: d}], exports: [{stream: x}]}}\n"};
  for (const auto& after :
       {users + accounts, "# a comment\n" + accounts + users, other_order + users})
    CHECK(between(users + accounts, after).lines()
          == std::vector<std::string>{
              "Reloaded: no option has changed; certificates and credentials were read again"});
}

TEST_CASE("a reload refuses what nats-server 2.15.2 refuses") {
  const std::pair<std::string, std::string> refusals[] = {
      {"max_subscriptions: 10", "MaxSubs: old=0, new=10"},
      {"max_pending: 5000000", "MaxPending: old=67108864, new=5000000"},
      {"http: 127.0.0.1:-1", "HTTPHost: old=, new=127.0.0.1"},
      {"http_port: -1", "HTTPPort: old=0, new=-1"},
      {"lame_duck_duration: 50s", "LameDuckDuration: old=2m0s, new=50s"},
      {"lame_duck_grace_period: 5s", "LameDuckGracePeriod: old=10s, new=5s"},
      {"no_header_support: true", "NoHeaderSupport: old=false, new=true"},
      {"max_closed_clients: 5", "MaxClosedClients: old=10000, new=5"},
      {"max_sub_tokens: 5", "MaxSubTokens: old=0, new=5"},
      {"log_size_limit: 5", "LogSizeLimit: old=0, new=5"},
      {"host: 127.0.0.2", "Host: old=0.0.0.0, new=127.0.0.2"},
      {"port: 4333", "Port: old=-1, new=4333"},
      {"http_base_path: x", "HTTPBasePath: old=, new=x"},
      {"allow_non_tls: true", "AllowNonTLS: old=false, new=true"},
  };
  for (auto& [text, said] : refusals) {
    auto before = read_text("f.conf", "port: -1").opts;
    auto after = read_text("f.conf", (text.starts_with("port") ? "" : "port: -1\n") + text).opts;
    CHECK(first_refusal(compare(before, after)) == "config reload not supported for " + said);
  }
}

TEST_CASE("a reload tells everything that it refuses") {
  auto before = read_text("f.conf", "port: -1\ngateway {name: A, port: -1}").opts;
  auto after = read_text("f.conf", "port: 4333\nmax_pending: 5000000\n"
                                   "gateway {name: B, port: 7222}")
                   .opts;
  auto found = compare(before, after);
  CHECK(found.refusals()
        == std::vector<std::string>{
            "config reload not supported for Port: old=-1, new=4333",
            "config reload not supported for MaxPending: old=67108864, new=5000000",
            "config reload not supported for Gateway: old=A, new=B",
            "config reload not supported for Gateway: old=-1, new=7222"});
}

TEST_CASE("users and accounts reload without a refusal, secrets stay out of the changes") {
  auto found = between("authorization {token: old_secret}", "authorization {token: new_secret}\n"
                                                            "accounts {A {}}");
  REQUIRE(found.changes.size() == 2);
  CHECK(first_refusal(found).empty());
  CHECK(found.changes[0].before == "[REDACTED]");
  CHECK(found.changes[0].after == "[REDACTED]");
  CHECK(found.changes[1].option == "accounts");
}

TEST_CASE("--check shows every option with its origin, and no secret") {
  auto result = read_text("f.conf", "max_conn: 7\nauthorization {users: [{user: a, pass: hush, "
                                    "permissions: {publish: x}}]}\nmqtt {port: 1}");
  auto text = print_options(result);
  CHECK(text.find("hush") == text.npos);
  CHECK(text.find("a in $G, password [REDACTED], publish only x; subscribe everything")
        != text.npos);
  CHECK(text.find("f.conf:1:0 max_conn") != text.npos);
  CHECK(text.find("not active yet: mqtt (f.conf:3:1)") != text.npos);
  auto line = text.substr(text.find("timing.ping_interval"));
  CHECK(line.substr(0, line.find('\n')).ends_with("default"));
  for (auto& one : result.origins)
    CHECK_MESSAGE(text.find(one.option) != text.npos, one.option);
  auto token = print_options(read_text("f.conf", "authorization {token: \"hush\"}"));
  CHECK(token.find("hush") == token.npos);
}

TEST_CASE("durations read and print as Go's do") {
  for (auto* text : {"2m0s", "1h30m0s", "100ms", "1.5s", "0s", "-2s", "1µs", "999ns", "1h0m0.5s"})
    CHECK(format_duration(parse_duration(text).span) == text);
  CHECK(parse_duration("30").error == "time: missing unit in duration \"30\"");
  CHECK(parse_duration("").error == "time: invalid duration \"\"");
  CHECK(parse_duration("9999999999h").error == "time: invalid duration \"9999999999h\"");
  CHECK(parse_choria_duration("90").span == std::chrono::seconds{90});
  CHECK(parse_choria_duration("1.5d").span == std::chrono::hours{36});
  CHECK(parse_choria_duration("1M").span == std::chrono::hours{720});
  CHECK_FALSE(parse_choria_duration("d").error.empty());
}

TEST_CASE("a slip finds the word that was meant, a stranger finds none") {
  constexpr std::string_view known[] = {"max_payload", "max_pending", "cert_file"};
  CHECK(closest("max_paylaod", known) == "max_payload");
  CHECK(closest("cert", known) == "cert_file");
  CHECK(closest("zebra", known).empty());
  CHECK(edit_distance("ab", "ba") == 1);
}
