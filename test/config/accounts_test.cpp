// test/config/accounts_test.cpp: what an operator may say about tenants, and what he may not.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;
namespace security = troupe::security;

namespace {

constexpr std::string_view user_key = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
constexpr std::string_view account_key = "AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV";

/// The account called `name`; the test fails if the file has none or is refused.
security::account_rules account(const load_result& result, std::string_view name) {
  REQUIRE(complaints(result) == "");
  for (auto& one : result.opts.accounts)
    if (one.name == name)
      return one;
  FAIL("no account " << name);
  return {};
}

const char* const nats_text = R"(
accounts {
  A {
    nkey: AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV
    users: [{user: a, password: a}, {nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4}]
    default_permissions: {publish: "pub.>"}
    limits: {max_conn: 5, max_subs: 6, max_payload: 7kb, max_leafnodes: 0}
    mappings: {
      plain: other
      "w.*": [{destination: "x.$1", weight: "20%"}, {dest: "y.$1", weight: 30, cluster: east}]
      one: {destination: two, weight: 50}
    }
    exports: [
      {stream: "pub.>"}
      {stream: "priv", accounts: [B]}
      {service: "req", response_type: chunked, threshold: "500ms", accounts: [B], allow_trace: true}
      {service: "one.*", latency: {subject: results, sampling: "50%"}}
      {service: "two", latency: res2}
      {service: "three", latency: {subject: res3, sampling: headers}, response: single}
      {service: "acct.*.get", account_token_position: 2}
    ]
    msg_trace: {dest: traces, sampling: 10}
  }
  B {
    users: [{user: b, password: b}]
    imports: [
      {stream: {account: A, subject: "pub.>"}, prefix: from.a, allow_trace: true}
      {stream: {account: A, subject: priv}, to: mine}
      {service: {account: A, subject: req}, to: local.req, share: true}
      {service: {account: A, subject: "one.*"}, to: "$1.uno"}
      {service: {account: A, subject: "acct.B.get"}}
    ]
    trace_dest: t
  }
}
mappings: {"g.*.*": "h.$2.$1"}
system_account: B
no_auth_user: b
)";

const char* const yaml_text = R"(
accounts:
  A:
    nkey: AAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QPZV
    users:
      - {user: a, password: a}
      - {nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4}
    default_permissions: {publish: "pub.>"}
    limits: {max_connections: 5, max_subscriptions: 6, max_payload: 7KB, max_leafnodes: 0}
    mappings:
      plain: other
      "w.*":
        - {destination: "x.$1", weight: 20%}
        - {destination: "y.$1", weight: 30, cluster: east}
      one: {destination: two, weight: 50}
    exports:
      - stream: "pub.>"
      - {stream: priv, accounts: [B]}
      - {service: req, response_type: chunked, threshold: 500ms, accounts: [B], allow_trace: true}
      - {service: "one.*", latency: {subject: results, sampling: 50%}}
      - {service: two, latency: res2}
      - {service: three, latency: {subject: res3, sampling: headers}, response: single}
      - {service: "acct.*.get", account_token_position: 2}
    msg_trace: {dest: traces, sampling: 10}
  B:
    users: [{user: b, password: b}]
    imports:
      - {stream: {account: A, subject: "pub.>"}, prefix: from.a, allow_trace: true}
      - {stream: {account: A, subject: priv}, to: mine}
      - {service: {account: A, subject: req}, to: local.req, share: true}
      - {service: {account: A, subject: "one.*"}, to: "$1.uno"}
      - {service: {account: A, subject: "acct.B.get"}}
    trace_dest: t
mappings:
  "g.*.*": h.$2.$1
system_account: B
authorization: {no_auth_user: b}
)";

} // namespace

TEST_CASE("everything that may stand in an account arrives in its rules") {
  auto result = read_text("a.conf", nats_text);
  auto a = account(result, "A");
  CHECK(a.display_name == "A");
  CHECK(a.nkey == account_key);
  CHECK(a.limits.connections == 5);
  CHECK(a.limits.subscriptions == 6);
  CHECK(a.limits.payload == 7168);
  CHECK(a.limits.leafnodes == 0);
  CHECK(a.default_permissions->publish.allow == std::vector<std::string>{"pub.>"});
  CHECK(a.trace == security::trace_rule{"traces", 10});
  REQUIRE(a.exports.size() == 7);
  CHECK_FALSE(a.exports[0].accounts);
  CHECK(a.exports[1].accounts == std::vector<std::string>{"B"});
  CHECK(a.exports[2].kind == security::share_kind::service);
  CHECK(a.exports[2].response == security::response_kind::chunked);
  CHECK(a.exports[2].response_threshold == 500ms);
  CHECK(a.exports[2].allow_trace);
  CHECK(a.exports[3].latency == security::latency_rule{"results", 50});
  CHECK(a.exports[3].response_threshold == 2min);
  CHECK(a.exports[4].latency == security::latency_rule{"res2", 100});
  CHECK(a.exports[5].latency == security::latency_rule{"res3", 0});
  CHECK(a.exports[6].account_token_position == 2);
  auto b = account(result, "B");
  REQUIRE(b.imports.size() == 5);
  CHECK(b.imports[0].local_subject == "from.a.pub.>");
  CHECK(b.imports[0].allow_trace);
  CHECK(b.imports[1].local_subject == "mine");
  CHECK(b.imports[2].account == "A");
  CHECK(b.imports[2].subject == "req");
  CHECK(b.imports[2].local_subject == "local.req");
  CHECK(b.imports[2].share);
  CHECK(b.imports[3].local_subject == "$1.uno");
  CHECK(b.imports[4].local_subject == "acct.B.get");
  CHECK(b.trace == security::trace_rule{"t", 100});
}

TEST_CASE("users of accounts belong to them, whether they have a password or an nkey") {
  auto result = read_text("a.conf", nats_text);
  REQUIRE(complaints(result) == "");
  auto& users = result.opts.authorization.users;
  REQUIRE(users.size() == 3);
  CHECK(users[0].account == "A");
  CHECK(users[1].nkey == user_key);
  CHECK(users[1].account == "A");
  CHECK(users[1].permissions->publish.allow == std::vector<std::string>{"pub.>"});
  CHECK(users[2].account == "B");
  CHECK(users[2].permissions == security::permission_rules{});
}

TEST_CASE("mappings keep weights and clusters; those of the top level are the global account's") {
  auto result = read_text("a.conf", nats_text);
  auto maps = account(result, "A").mappings;
  REQUIRE(maps.size() == 3);
  CHECK(maps[0] == security::mapping_rule{"plain", {{"other", 100, ""}}});
  CHECK(maps[1] == security::mapping_rule{"w.*", {{"x.$1", 20, ""}, {"y.$1", 30, "east"}}});
  CHECK(maps[2] == security::mapping_rule{"one", {{"two", 50, ""}}});
  CHECK(account(result, "$G").mappings.at(0)
        == security::mapping_rule{"g.*.*", {{"h.$2.$1", 100, ""}}});
}

TEST_CASE("YAML says the same with the same keys") {
  auto nats = read_text("a.conf", nats_text);
  auto yaml = read_text("a.yaml", yaml_text);
  CHECK(complaints(yaml) == "");
  CHECK(yaml.opts.accounts == nats.opts.accounts);
  CHECK(yaml.opts.authorization.users == nats.opts.authorization.users);
  CHECK(yaml.opts.system_account == "B");
}

TEST_CASE("each mistake about an account names its place and what would be right") {
  struct mistake {
    std::string inside; // of account B, beside an account A that exports a few things
    std::string place;
    std::string part;
  };
  const mistake mistakes[] = {
      {"limits: 5", "2:5", "must be a map"},
      {"limits: {max_con: 5}", "2:14", "unknown field \"max_con\""},
      {"limits: {max_conn: many}", "2:14", "whole number"},
      {"nkey: abc", "2:5", "begins with \"A\""},
      {"nkey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4", "2:5",
       "begins with \"A\""},
      {"bogus: 1", "2:5", "unknown field \"bogus\""},
      {"users: [{nkey: x}]", "2:14", "nkey for a user"},
      {"default_permissions: {publish: \"a..b\"}", "2:27", "not a valid subject"},
      {"exports: {stream: a}", "2:5", "must be a list"},
      {"exports: [a]", "2:15", "must be a map"},
      {"exports: [{accounts: [A]}]", "2:15", "needs \"stream\" or \"service\""},
      {"exports: [{stream: a, service: b}]", "2:27", "either a stream or a service"},
      {"exports: [{stream: \"a..b\"}]", "2:16", "\"a..b\" is not a valid subject"},
      {"exports: [{stream: a, response_type: stream}]", "2:27", "service, not for a stream"},
      {"exports: [{stream: a, latency: b}]", "2:27", "service, not for a stream"},
      {"exports: [{stream: a, threshold: 5s}]", "2:27", "service, not for a stream"},
      {"exports: [{stream: a, allow_trace: true}]", "2:27", "service, not for a stream"},
      {"exports: [{service: a, response_type: many}]", "2:28", "single, stream or chunked"},
      {"exports: [{service: a, threshold: \"5x\"}]", "2:28", "unknown unit"},
      {"exports: [{service: a, threshold: 5}]", "2:28", "a duration such as 30s"},
      {"exports: [{service: a, latency: \"x.*\"}]", "2:28", "without wildcards"},
      {"exports: [{service: a, latency: {sampling: 5}}]", "2:28", "needs a subject"},
      {"exports: [{service: a, latency: {subject: x, sampling: 0}}]", "2:50", "between 1 and 100"},
      {"exports: [{service: a, latency: {subject: x, sampling: \"5q\"}}]", "2:50",
       "between 1 and 100"},
      {"exports: [{service: a, latency: {subject: a}}]", "2:16", "is a service of this account"},
      {"exports: [{service: a, latency: x, response: stream}]", "2:16", "one response"},
      {"exports: [{service: \"a.*\", account_token_position: 1}]", "2:16", "count to a \"*\""},
      {"exports: [{service: \"a.*\", account_token_position: 0}]", "2:32", "between 1 and 255"},
      {"exports: [{stream: a, accounts: [C]}]", "2:16", "\"C\", which is no account"},
      {"exports: [{stream: a}, {stream: a}]", "2:29", "exported twice"},
      {"exports: [{stream: a, bogus: 1}]", "2:27", "unknown field \"bogus\""},
      {"imports: [{stream: a}]", "2:16", "must be {account, subject}"},
      {"imports: [{stream: {account: A}}]", "2:16", "needs the account that exports"},
      {"imports: [{stream: {account: A, sbject: s}}]", "2:37", "unknown field \"sbject\""},
      {"imports: [{to: x}]", "2:15", "needs \"stream\" or \"service\""},
      {"imports: [{stream: {account: C, subject: s}}]", "2:16", "no such account"},
      {"imports: [{stream: {account: A, subject: t}}]", "2:16", "must export a stream"},
      {"imports: [{stream: {account: A, subject: private}}]", "2:16",
       "add \"B\" to the accounts of the export"},
      {"imports: [{service: {account: A, subject: \"acct.C.get\"}}]", "2:16",
       "import \"acct.B.get\""},
      {"imports: [{stream: {account: A, subject: s}, prefix: p, to: q}]", "2:15",
       "either \"prefix\" or \"to\""},
      {"imports: [{stream: {account: A, subject: s}, prefix: \"p.*\"}]", "2:50",
       "without wildcards"},
      {"imports: [{service: {account: A, subject: q}, prefix: p}]", "2:51",
       "stream, not for a service"},
      {"imports: [{stream: {account: A, subject: s}, share: true}]", "2:50",
       "service, not for a stream"},
      {"imports: [{stream: {account: A, subject: \"w.*.*\"}, to: \"v.$1\"}]", "2:16",
       "each \"*\" of \"w.*.*\" exactly once"},
      {"imports: [{stream: {account: A, subject: s}}, {stream: {account: A, subject: s}}]", "2:52",
       "keep one"},
      {"exports: [{service: q}], imports: [{service: {account: B, subject: q}}]", "2:41",
       "forms a cycle"},
      {"mappings: {a: {weight: 50}}", "2:16", "needs a destination"},
      {"mappings: {a: {destination: b}}", "2:16", "needs a weight"},
      {"mappings: {a: {destination: b, weight: 101}}", "2:36", "between 0 and 100"},
      {"mappings: {a: [{dest: b, weight: 60}, {dest: c, weight: 41}]}", "2:16", "add up to 101%"},
      {"mappings: {a: [{dest: b, weight: 6}, {dest: b, weight: 4}]}", "2:16", "\"b\" twice"},
      {"mappings: {\"a.*\": \"b.$2\"}", "2:17", "takes wildcard 2"},
      {"mappings: {\"a..b\": c}", "2:17", "is no subject"},
      {"mappings: a", "2:5", "must be a map"},
      {"msg_trace: \"a.*\"", "2:5", "without wildcards"},
      {"msg_trace: {sampling: 5}", "2:5", "needs \"dest\""},
      {"msg_trace: {dest: a, sampling: 101}", "2:26", "between 1 and 100"},
  };
  for (auto& one : mistakes) {
    auto text = "accounts: {\nB: {" + one.inside
                + "}\nA: {exports: [{stream: s}, {stream: \"w.*.*\"}, {service: q}, "
                  "{stream: private, accounts: [A]}, "
                  "{service: \"acct.*.get\", account_token_position: 2}]}}\n";
    auto said = complaints(read_text("bad.conf", text));
    CHECK_MESSAGE(said.starts_with("bad.conf:" + one.place + ":"), one.inside << " -> " << said);
    CHECK_MESSAGE(said.find(one.part) != std::string::npos, one.inside << " -> " << said);
    CHECK_MESSAGE(said.find('\n') == std::string::npos, one.inside << " -> " << said);
  }
}

TEST_CASE("all mistakes of all accounts are told at once, in YAML with a hint for a typo") {
  auto said = complaints(read_text("bad.yaml", "accounts:\n"
                                               "  A:\n"
                                               "    exprts: []\n"
                                               "    limits: {max_payloads: 1}\n"
                                               "  B:\n"
                                               "    imports:\n"
                                               "      - stream: {account: A, subject: s}\n"
                                               "      - service: {account: C, subject: s}\n"));
  CHECK(said.find("bad.yaml:3:5: unknown key \"exprts\"; did you mean \"exports\"?")
        != std::string::npos);
  CHECK(said.find("bad.yaml:4:14: unknown key \"max_payloads\"") != std::string::npos);
  CHECK(said.find("bad.yaml:7:9: account \"B\" imports the stream \"s\" from account \"A\"")
        != std::string::npos);
  CHECK(said.find("bad.yaml:8:9: account \"B\" imports the service \"s\" from account \"C\"")
        != std::string::npos);
}

TEST_CASE("two accounts cannot have one nkey") {
  std::string key{account_key};
  auto said =
      complaints(read_text("bad.conf", "accounts {A {nkey: " + key + "}, B {nkey: " + key + "}}"));
  CHECK(said.find("account \"B\" has the nkey of another account") != std::string::npos);
}

TEST_CASE("an export for nobody stays an export for nobody") {
  auto said =
      complaints(read_text("bad.conf", "accounts {A {exports: [{stream: s, accounts: []}]}\n"
                                       "B {imports: [{stream: {account: A, subject: s}}]}}"));
  CHECK(said.find("add \"B\" to the accounts of the export") != std::string::npos);
}

TEST_CASE("the system account must be an account of the file") {
  CHECK(complaints(read_text("ok.conf", "system_account: S\naccounts {S {}}")) == "");
  CHECK(complaints(read_text("ok.conf", "system_account: \"$SYS\"")) == "");
  CHECK(complaints(read_text("bad.conf", "system_account: S\naccounts {A {}}"))
        == "bad.conf:1:0: system_account names \"S\", which is no account of this file; add it to "
           "accounts");
}

TEST_CASE("a single user or a token does not stand beside users of accounts, in either order") {
  for (std::string single : {"user: a, password: b", "token: t"}) {
    auto block = "authorization {" + single + "}\n";
    std::string accounts = "accounts {A {users: [{user: x, password: y}]}}\n";
    for (auto& text : {block + accounts, accounts + block})
      CHECK_MESSAGE(complaints(read_text("bad.conf", text)).find("Can not have a ")
                        != std::string::npos,
                    text);
  }
}
