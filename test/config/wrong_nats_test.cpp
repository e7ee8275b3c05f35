// test/config/wrong_nats_test.cpp: each mistake in nats-server's format has its sentence.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;

namespace {

struct mistake {
  std::string text;
  std::string complaint;
};

} // namespace

TEST_CASE("what nats-server refuses is refused with its words and its place") {
  const mistake mistakes[] = {
      {"bogus: 1\n", "bad.conf:1:0: unknown field \"bogus\""},
      {"a: 1\nb: 2\n", "bad.conf:1:0: unknown field \"a\"\nbad.conf:2:1: unknown field \"b\""},
      {"ping_interval: 30\n", "bad.conf:1:0: invalid use of field \"ping_interval\": ping_interval "
                              "should be converted to a duration"},
      {"ping_interval: 30q\n",
       "bad.conf:1:0: error parsing ping_interval: time: unknown unit \"q\" in duration \"30q\""},
      {"ping_interval: abc\n",
       "bad.conf:1:0: error parsing ping_interval: time: invalid duration \"abc\""},
      {"lame_duck_duration: \"10s\"\n",
       "bad.conf:1:0: invalid lame_duck_duration of 10s, minimum is 30 seconds"},
      {"lame_duck_grace_period: \"40s\"\nlame_duck_duration: 30s",
       "lame duck grace period (40s) should be strictly lower than lame duck duration (30s)"},
      {"max_payload: 10mb\nmax_pending: 5mb",
       "max_payload (10485760) cannot be higher than max_pending (5242880)"},
      {"authorization {\n user: a\n token: b\n}\n",
       "bad.conf:1:0: Cannot have a user/pass and token"},
      {"authorization {\n user: a\n users: [{user: b}]\n}\n",
       "bad.conf:1:0: Can not have a single user/pass and a users array"},
      {"authorization {\n token: a\n users: [{user: b}]\n}\n",
       "bad.conf:1:0: Can not have a token and a users array"},
      {"authorization {\n users: [{user: b}, {user: b}]\n}\n",
       "bad.conf:1:0: Duplicate user \"b\" detected"},
      {"authorization {\n users: [{user: b, allowed_connection_types: [BOGUS]}]\n}\n",
       "bad.conf:2:20: invalid connection types [\"BOGUS\"]"},
      {"authorization {\n users: [{pass: b}]\n}\n", "bad.conf:2:11: User entry requires a user"},
      {"authorization {\n users: b\n}\n",
       "bad.conf:2:2: Expected users field to be an array, got b"},
      {"authorization {users [a]}", "bad.conf:1:22: Expected user entry to be a map/struct, got a"},
      {"authorization {\n bogus: b\n}\n", "bad.conf:2:2: unknown field \"bogus\""},
      {"authorization {\n users: [{user: b, x: 5}]\n}\n", "bad.conf:2:20: unknown field \"x\""},
      {"authorization {users [{user: a, account: B}]}\n",
       "bad.conf:1:32: unknown field \"account\""},
      {"authorization {\n users: [{user: b, permissions: {publish: {allow: \"a..b\"}}}]\n}\n",
       "bad.conf:2:44: subject \"a..b\" is not a valid subject"},
      {"authorization {\n users: [{user: b, permissions: {publish: {allowx: \"ab\"}}}]\n}\n",
       "bad.conf:2:44: Unknown field name \"allowx\" parsing subject permissions, only 'allow' or "
       "'deny' are permitted"},
      {"authorization {\n users: [{user: b, permissions: 5}]\n}\n",
       "bad.conf:2:20: Expected permissions to be a map/struct, got 5"},
      {"authorization {\n users: [{user: b, permissions: {publsh: a}}]\n}\n",
       "bad.conf:2:34: Unknown field \"publsh\" parsing permissions; did you mean \"publish\"?"},
      {"authorization {users [{user: a, permissions: {allow_responses: 5}}]}",
       "bad.conf:1:46: error parsing response permissions, expected a boolean or a map"},
      {"authorization {\n users: [{user: b, permissions: {allow_responses: {max: -1, expires: "
       "\"xx\"}}}]\n}\n",
       "bad.conf:2:61: error parsing expires: time: invalid duration \"xx\""},
      {"authorization {\n users: [{nkey: b}]\n}\n",
       "bad.conf:2:11: Not a valid public nkey for a user"},
      {"authorization {\n timeout: \"abc\"\n}\n",
       "bad.conf:2:2: error parsing authorization config, 'timeout' time: invalid duration "
       "\"abc\""},
      {"authorization {\n timeout: 61\n}\n",
       "bad.conf:2:2: invalid use of field \"timeout\": timeout of 61 (61.000000 seconds) is high, "
       "consider keeping it under 60 seconds. possibly caused by unquoted duration; use '1m' "
       "instead "
       "of 1m, for example"},
      {"authorization {auth_callout {bogus: 1}}",
       "bad.conf:1:29: Unknown field \"bogus\" parsing authorization callout\nbad.conf:1:15: "
       "Authorization callouts require an issuer to be specified"},
      {"tls {\n cert_file: c.pem\n}\n", "bad.conf:1:0: missing 'key_file' in TLS configuration"},
      {"tls {\n bogus: x\n}\n", "bad.conf:2:2: error parsing tls config, unknown field \"bogus\""},
      {"tls {\n verify: 1\n}\n",
       "bad.conf:2:2: error parsing tls config, expected 'verify' to be a boolean"},
      {"tls { timeout: \"2x\" }",
       "bad.conf:1:6: error parsing tls config, 'timeout' time: unknown unit \"x\" in duration "
       "\"2x\""},
      {"tls { min_version: \"1.1\" }",
       "bad.conf:1:6: error parsing tls config: unsupported TLS version: TLS 1.1"},
      {"tls { pinned_certs: [\"abc\"] }",
       "bad.conf:1:6: error parsing tls config, 'pinned_certs' key abc does not look like "
       "hex-encoded sha256 of DER encoded SubjectPublicKeyInfo"},
      {"tls { cipher_suites: [] }",
       "bad.conf:1:6: error parsing tls config, 'cipher_suites' cannot be empty"},
      {"listen: \"abc\"\n", "bad.conf:1:0: could not parse address string \"abc\""},
      {"listen: \"abc:def\"\n", "bad.conf:1:0: could not parse port \"def\""},
      {"listen: \"4222\"\n", "bad.conf:1:0: could not parse address string \"4222\""},
      {"server_name: \"a b\"\n", "bad.conf:1:0: server name cannot contain spaces"},
      {"max_sub_tokens: 256\n", "bad.conf:1:0: max_sub_tokens value is too big"},
      {"no_auth_user: foo\n", "no_auth_user: \"foo\" present, but users/nkeys are not defined"},
      {"accounts: {A: {bogus: 1}}\n", "bad.conf:1:15: unknown field \"bogus\""},
      {"accounts: {\"$G\": {}}\n", "bad.conf:1:12: \"$G\" is a Reserved Account"},
      {"accounts: [A, A]\n", "bad.conf:1:14: Duplicate Account Entry: A"},
      {"accounts: {A: {users: [{user: a}]}, B: {users: [{user: a}]}}\n",
       "bad.conf:1:0: Duplicate user \"a\" detected"},
      {"cluster: {bogus: 1}\n", "bad.conf:1:10: unknown field \"bogus\""},
      {"gateway: {gateways: [{bogus: 1}]}\n", "bad.conf:1:22: unknown field \"bogus\""},
      {"leafnodes: {remotes: [{bogus: 1}]}\n", "bad.conf:1:23: unknown field \"bogus\""},
      {"websocket: {bogus: 1}\n", "bad.conf:1:12: unknown field \"bogus\""},
      {"mappings: {a: [{bogus: 1}]}\n", "bad.conf:1:16: unknown field \"bogus\""},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
}

TEST_CASE("what nats-server tells with an internal message is told in plain words") {
  const mistake mistakes[] = {
      {"port: abc\n", "bad.conf:1:0: port must be a whole number, not \"abc\""},
      {"port: true\n", "bad.conf:1:0: port must be a whole number, not true"},
      {"port: 70000\n", "bad.conf:1:0: port must lie between -1 and 65535, not 70000"},
      {"debug: 1\n", "bad.conf:1:0: debug must be true or false without quotes, not 1"},
      {"debug: \"true\"\n",
       "bad.conf:1:0: debug must be true or false without quotes, not \"true\""},
      {"max_payload: \"1MB\"\n",
       "bad.conf:1:0: max_payload must be a size such as 1048576 or 1MB, not \"1MB\""},
      {"max_payload: 1.5\n",
       "bad.conf:1:0: max_payload must be a size such as 1048576 or 1MB, not 1.5"},
      {"lame_duck_duration: 30\n",
       "bad.conf:1:0: lame_duck_duration must be a duration such as 30s, not 30"},
      {"server_name: 5\n", "bad.conf:1:0: server_name must be text; put 5 in quotes"},
      {"authorization: 5\n", "bad.conf:1:0: authorization must be a map, not 5"},
      {"authorization {token: 12345}\n", "bad.conf:1:15: token must be text; put it in quotes"},
      {"authorization {users: [{user: a, pass: 777}]}\n",
       "bad.conf:1:33: pass must be text; put it in quotes"},
      {"tls: 5\n", "bad.conf:1:0: tls must be a map of settings, not 5"},
      {"max_conn: 5\nmax_connections: 6\n", "bad.conf:2:1: \"max_connections\" and \"max_conn\" "
                                            "are names of one option; keep one of them"},
      {"http: 8222\nhttps: 8223",
       "bad.conf:2:1: \"https\" and \"http\" both ask for monitoring; one listener serves it, keep "
       "one of them\nbad.conf:2:1: https needs TLS; add a tls block with cert_file and key_file"},
      {"tls {cert_file: nope, key_file: k.pem}",
       "bad.conf:1:5: cert_file: open nope: no such file or directory"},
      {"remote_syslog: foo", "invalid network type: bad.conf:1:0: remote_syslog must begin with "
                             "udp://, tcp:// or unix://, not \"foo\""},
      {"tls {cert_file: c.pem, key_file: k.pem, timeout: -1}",
       "bad.conf:1:40: timeout must be longer than 0s"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
}

TEST_CASE("a mistake below a known but inactive feature is found, and a good one is noted") {
  auto result = read_text(
      "s.conf", "mqtt {port: -1}\njetstream: true\nocsp: true\n"
                "accounts {A {users: [{user: a}], limits {max_subs: 5}, exports [{stream: b}]}}");
  CHECK(complaints(result) == "");
  std::string names;
  for (auto& one : result.inactive)
    names += one.key + (one.restricts_access ? "! " : " ");
  CHECK(names == "mqtt jetstream ocsp ");
  REQUIRE(result.opts.authorization.users.size() == 1);
  CHECK(result.opts.authorization.users[0].account == "A");
}
