// test/security/jwt_test.cpp: JWTs of real tools are understood, written back, and nothing else.
#include "security/jwt.hpp"

#include "security/text_encoding.hpp"
#include "test/security/vectors.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::security;
using test::pair;
using test::vector;
using json = nlohmann::json;

namespace {

constexpr std::string_view v2_header = R"({"typ":"JWT","alg":"ed25519-nkey"})";

std::string signed_token(std::string_view header, std::string_view payload, const key_pair& by,
                         bool payload_only = false) {
  auto text = to_base64url(payload);
  auto both = to_base64url(header) + '.' + text;
  auto raw = by.sign(payload_only ? text : both);
  return both + '.' + to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

json payload_of(const std::string& token) {
  auto first = token.find('.');
  return json::parse(
      from_base64url(std::string_view{token}.substr(first + 1, token.rfind('.') - first - 1))
          .value());
}

/// Go writes some empty objects; they mean the same as none.
json without_empty(json document) {
  for (auto at = document.begin(); document.is_object() && at != document.end();) {
    *at = without_empty(*at);
    at = at->is_object() && at->empty() ? document.erase(at) : std::next(at);
  }
  return document;
}

/// "" if it is accepted.
std::string reason(const jwt_result<claims>& result) {
  auto* error = std::get_if<jwt_error>(&result);
  return error ? error->reason : std::string{};
}

template <class T>
T good(jwt_result<T> result) {
  if (auto* error = std::get_if<jwt_error>(&result))
    FAIL(error->reason);
  return std::move(std::get<T>(result));
}

std::string a_user() {
  return R"({"iss":")" + pair("account_seed").public_text() + R"(","sub":")"
         + pair("user_seed").public_text() + R"(","nats":{"type":"user","version":2}})";
}

} // namespace

TEST_CASE(
    "every kind of JWT that Go's library writes is read, verified, and has the id we compute") {
  for (std::string name :
       {"operator", "account", "other_account", "user", "plain_user", "scoped_user", "activation",
        "activation_by_signing_key", "authorization_request", "authorization_response"}) {
    auto read = decode_jwt(vector(name));
    REQUIRE_MESSAGE(reason(read).empty(), name << ": " << reason(read));
    const auto& standard = standard_of(std::get<claims>(read));
    CHECK(standard.version == 2);
    CHECK(standard.id == vector(name + "_jti"));
    CHECK_MESSAGE(jwt_id(standard) == vector(name + "_jti"), name);
  }
}

TEST_CASE("the id of the specification's example is computed") {
  standard_claims s;
  s.issued_at = 1700000000;
  s.name = "OP";
  s.issuer = s.subject = "OAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3QZVT";
  CHECK(jwt_id(s) == "JOLRVSHO7QZ4BZHDQHZ75TH3KDSI45Z7QXOLBW3VO3B3UPYJZQ7Q");
}

TEST_CASE("decoding and encoding again changes neither claims nor id") {
  for (auto [name, seed] : {std::pair{"operator", "operator_seed"},
                            {"account", "operator_signing_seed"},
                            {"other_account", "operator_seed"},
                            {"user", "account_seed"},
                            {"scoped_user", "account_scope_seed"},
                            {"activation", "account_seed"},
                            {"authorization_request", "server_seed"},
                            {"authorization_response", "account_seed"}}) {
    auto what = good(decode_jwt(vector(name)));
    auto token = good(encode_jwt(what, pair(seed), standard_of(what).issued_at));
    CHECK_MESSAGE(payload_of(token) == without_empty(payload_of(vector(name))), name);
    CHECK(reason(decode_jwt(token)).empty());
  }
}

TEST_CASE("an operator's fields come out where they belong") {
  auto o = good(decode_operator_jwt(vector("operator")));
  CHECK(o.standard.name == "Test <Operator> & Söhne");
  CHECK(o.signing_keys == std::vector{pair("operator_signing_seed").public_text()});
  CHECK(o.system_account == pair("other_account_seed").public_text());
  CHECK(o.account_server_url == "https://accounts.example.com/jwt/v1");
  CHECK(o.service_urls == std::vector<std::string>{"nats://a.example.com:4222"});
  CHECK(o.standard.tags == std::vector<std::string>{"region:eu"});
  CHECK(o.assert_server_version == "2.9.0");
  CHECK_FALSE(o.strict_signing_keys);
}

TEST_CASE("an account's fields come out where they belong") {
  auto a = good(decode_account_jwt(vector("account")));
  CHECK(a.limits.connections == 100);
  CHECK(a.limits.subscriptions == 1000);
  CHECK(a.limits.payload == -1);
  CHECK(a.limits.wildcard_exports);
  CHECK(a.limits.jetstream.disk_storage == -1);
  CHECK(a.revocations
        == std::map<std::string, int64_t>{{"*", 5}, {pair("user_seed").public_text(), 7}});
  CHECK(a.default_permissions.publish.deny == std::vector<std::string>{"internal.>"});
  REQUIRE(a.exports.size() == 2);
  CHECK(a.exports[0].kind == share_kind::stream);
  CHECK(a.exports[0].token_required);
  CHECK(a.exports[0].revocations.at(pair("other_account_seed").public_text()) == 1000);
  CHECK(a.exports[1].response_type == "Stream");
  CHECK(a.exports[1].response_threshold == 5'000'000'000);
  REQUIRE(a.exports[1].latency);
  CHECK(a.exports[1].latency->sampling == 0);
  CHECK(a.exports[1].account_token_position == 2);
  REQUIRE(a.mappings.at("old.*").size() == 2);
  CHECK(a.mappings.at("old.*")[1].cluster == "east");
  REQUIRE(a.trace);
  CHECK(a.trace->sampling == 25);
  CHECK(a.cluster_traffic == "owner");
  REQUIRE(a.signing_keys.size() == 2);
  const auto& scoped = a.signing_keys[0].scope ? a.signing_keys[0] : a.signing_keys[1];
  CHECK(scoped.key == pair("account_scope_seed").public_text());
  REQUIRE(scoped.scope);
  CHECK(scoped.scope->role == "reader");
  CHECK(scoped.scope->limits.payload == 1024);
  CHECK(scoped.scope->limits.subscriptions == -1);
  CHECK(scoped.scope->limits.permissions.responses->max_messages == 2);
}

TEST_CASE("a user's fields come out where they belong") {
  auto u = good(decode_user_jwt(vector("user")));
  CHECK(u.standard.expires == 4102444800);
  CHECK(u.standard.not_before == 1000);
  CHECK(u.limits.permissions.subscribe.allow == std::vector<std::string>{"c.> q", "_INBOX.>"});
  CHECK(u.limits.permissions.responses->ttl == 1'000'000'000);
  CHECK(u.limits.sources == std::vector<std::string>{"192.0.2.0/24", "2001:db8::/32"});
  REQUIRE(u.limits.times.size() == 1);
  CHECK(u.limits.times[0].end == "18:30:00");
  CHECK(u.limits.times_location == "Europe/Berlin");
  CHECK(u.limits.bearer);
  CHECK(u.limits.proxy_required);
  CHECK(u.limits.subscriptions == 10);
  CHECK(u.limits.connection_types.size() == 2);
  CHECK_FALSE(u.limits.is_empty());
  CHECK(good(decode_user_jwt(vector("scoped_user"))).limits.is_empty());
}

TEST_CASE("JWTs of version 1 are read in the shape of version 2") {
  auto o = good(decode_operator_jwt(vector("v1_operator")));
  CHECK(o.standard.version == 1);
  CHECK(o.signing_keys.size() == 1);
  auto a = good(decode_account_jwt(vector("v1_account")));
  CHECK(a.standard.tags == std::vector<std::string>{"old"});
  CHECK(a.limits.connections == -1);
  CHECK(a.signing_keys.at(0).key == pair("account_signing_seed").public_text());
  auto u = good(decode_user_jwt(vector("v1_user")));
  CHECK(u.account() == pair("account_seed").public_text());
  CHECK(u.limits.subscriptions == -1); // users of version 1 had no limit where they named none
  CHECK(u.limits.permissions.publish.allow == std::vector<std::string>{"x"});
  auto act = good(decode_activation_jwt(vector("v1_activation")));
  CHECK(act.kind == share_kind::stream);
  CHECK(act.subject == "orders.>");
}

TEST_CASE("what is missing in version 2 is zero, in a template without limit") {
  auto u = std::get<user_claims>(
      good(decode_jwt(signed_token(v2_header, a_user(), pair("account_seed")))));
  CHECK(u.limits.is_empty());
  auto account = payload_of(vector("plain_user"));
  account = {
      {"iss", pair("operator_seed").public_text()},
      {"sub", pair("account_seed").public_text()},
      {"nats",
       {{"type", "account"},
        {"version", 2},
        {"signing_keys", {{{"kind", "user_scope"}, {"key", "A"}, {"template", json::object()}}}}}}};
  auto a = good(decode_account_jwt(signed_token(v2_header, account.dump(), pair("operator_seed"))));
  CHECK(a.limits.connections == 0);
  CHECK_FALSE(a.limits.wildcard_exports);
  CHECK(a.signing_keys.at(0).scope->limits.data == -1);
}

TEST_CASE("fields of a newer version survive reading, changing and writing") {
  auto edit = [](json payload, auto&& add) {
    add(payload);
    return payload;
  };
  auto newer = edit(payload_of(vector("account")), [](json& p) {
    p["top"] = {1, 2};
    auto& n = p["nats"];
    n["quantum"] = {{"bits", 8}};
    n["limits"]["qubits"] = 3;
    n["exports"][0]["colour"] = "red";
    n["exports"][1]["service_latency"]["unit"] = "ns";
    n["mappings"]["old.*"][0]["shade"] = 1;
    n["default_permissions"]["peek"] = true;
    n["default_permissions"]["pub"]["maybe"] = {"x"};
    for (auto& key : n["signing_keys"])
      if (key.is_object()) {
        key["until"] = 9;
        key["template"]["speed"] = "slow";
        key["template"]["resp"]["first"] = 1;
      }
  });
  auto what =
      good(decode_jwt(signed_token(v2_header, newer.dump(), pair("operator_signing_seed"))));
  std::get<account_claims>(what).limits.connections = 5;
  auto token = good(encode_jwt(what, pair("operator_signing_seed"), standard_of(what).issued_at));
  newer["nats"]["limits"]["conn"] = 5;
  CHECK(payload_of(token) == without_empty(newer));
}

TEST_CASE("a generic JWT keeps whatever it says, and its bytes are what Go signed") {
  auto g = good(decode_generic_jwt(vector("generic")));
  CHECK(json::parse(g.data)["accounts"][0] == pair("account_seed").public_text());
  claims what = g;
  auto token = good(encode_jwt(what, pair("operator_seed"), g.standard.issued_at));
  CHECK(payload_of(token) == payload_of(vector("generic")));
  CHECK(reason(decode_jwt(token)).empty());
}

TEST_CASE("one changed letter anywhere makes a JWT worthless") {
  auto token = vector("plain_user");
  REQUIRE(reason(decode_jwt(token)).empty());
  for (size_t i = 0; i < token.size(); ++i) {
    auto bad = token;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    CHECK_MESSAGE(!reason(decode_jwt(bad)).empty(), "letter " << i);
  }
  for (size_t size = 0; size < token.size(); ++size)
    CHECK_FALSE(reason(decode_jwt(std::string_view{token}.substr(0, size))).empty());
}

TEST_CASE("claims of one JWT under the signature of another are refused") {
  auto user = vector("user"), plain = vector("plain_user");
  auto swapped = plain.substr(0, plain.rfind('.')) + user.substr(user.rfind('.'));
  CHECK(reason(decode_jwt(swapped)) == "the signature is not that of the issuer it names");
  auto by_other = signed_token(v2_header, a_user(), pair("other_account_seed"));
  CHECK(reason(decode_jwt(by_other)) == "the signature is not that of the issuer it names");
}

TEST_CASE("only nkey algorithms are accepted, however the token is signed") {
  auto by = pair("account_seed");
  CHECK(reason(decode_jwt(signed_token(v2_header, a_user(), by))).empty());
  for (std::string_view header :
       {R"({"typ":"JWT","alg":"none"})", R"({"typ":"JWT","alg":""})", R"({"typ":"JWT"})",
        R"({"typ":"JWT","alg":"HS256"})", R"({"typ":"JWT","alg":"EdDSA"})",
        R"({"typ":"JWT","alg":"ed25519-nkey2"})", R"({"typ":"JWT","alg":["ed25519-nkey"]})",
        R"({"alg":"ed25519-nkey"})", R"({"typ":"JWS","alg":"ed25519-nkey"})", "[]", "null", "", "{",
        R"({"typ":"JWT","alg":"none","alg":"ed25519-nkey"})",
        R"({"typ":"JWT","alg":"ed25519-nkey","crit":["exp"]})"})
    CHECK_MESSAGE(!reason(decode_jwt(signed_token(header, a_user(), by))).empty(), header);
  auto none = to_base64url(R"({"typ":"JWT","alg":"none"})") + '.' + to_base64url(a_user()) + '.';
  CHECK(reason(decode_jwt(none)).find("alg must be") != std::string::npos);
}

TEST_CASE("a signature of one version does not serve the other") {
  auto by = pair("account_seed");
  CHECK_FALSE(reason(decode_jwt(signed_token(v2_header, a_user(), by, true))).empty());
  auto v1 = payload_of(vector("v1_user")).dump();
  auto signer = pair("account_signing_seed");
  CHECK(reason(decode_jwt(signed_token(R"({"typ":"jwt","alg":"ed25519"})", v1, signer, true)))
            .empty());
  CHECK_FALSE(reason(decode_jwt(signed_token(v2_header, v1, signer, false))).empty());
}

TEST_CASE("who may sign what is fixed by kind") {
  for (auto seed : {"operator_seed", "user_seed", "server_seed"}) {
    auto by = pair(seed);
    auto payload = json::parse(a_user());
    payload["iss"] = by.public_text();
    CHECK_MESSAGE(!reason(decode_jwt(signed_token(v2_header, payload.dump(), by))).empty(), seed);
    claims user = user_claims{};
    std::get<user_claims>(user).standard.subject = pair("user_seed").public_text();
    CHECK(std::holds_alternative<jwt_error>(encode_jwt(user, by, 1)));
  }
  claims account = account_claims{};
  std::get<account_claims>(account).standard.subject = pair("user_seed").public_text();
  CHECK(std::get<jwt_error>(encode_jwt(account, pair("operator_seed"), 1)).reason
        == "the subject of an account JWT must be an account key");
}

TEST_CASE("a JWT of one kind is none of another") {
  CHECK(std::get<jwt_error>(decode_user_jwt(vector("account"))).reason
        == "it is an account JWT and not a user JWT");
  CHECK(std::holds_alternative<jwt_error>(decode_account_jwt(vector("user"))));
  CHECK(std::holds_alternative<jwt_error>(decode_activation_jwt(vector("plain_user"))));
  CHECK(std::holds_alternative<jwt_error>(decode_authorization_response(vector("activation"))));
}

TEST_CASE("giant and deeply nested JWTs are refused before they cost anything") {
  auto by = pair("account_seed");
  auto payload = json::parse(a_user());
  payload["nats"]["x"] = std::string(max_jwt_size, 'x');
  CHECK(reason(decode_jwt(signed_token(v2_header, payload.dump(), by)))
        == "it is longer than 1 MiB");
  for (std::string open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i)
      deep += open;
    CHECK(reason(decode_jwt(signed_token(v2_header, deep, by))).find("nests deeper")
          != std::string::npos);
    CHECK_FALSE(reason(decode_jwt(signed_token(deep, a_user(), by))).empty());
  }
  payload["nats"]["x"] = std::string(4000, '"') + "\x01";
  CHECK(reason(decode_jwt(signed_token(v2_header, payload.dump(), by))).empty());
}

TEST_CASE("every field of a wrong type is named") {
  auto by = pair("account_seed");
  auto payload = json::parse(a_user());
  payload["exp"] = "tomorrow";
  payload["nats"]["subs"] = 1.5;
  payload["nats"]["pub"] = {{"allow", {"x", 1}}};
  payload["nats"]["data"] = 1e30;
  CHECK(reason(decode_jwt(signed_token(v2_header, payload.dump(), by)))
        == "exp must be a whole number of 64 bits; nats.pub.allow[1] must be text; "
           "nats.subs must be a whole number of 64 bits; nats.data must be a whole number of 64 "
           "bits");
}

TEST_CASE("payloads that could be read in two ways, or by nobody, are refused") {
  auto by = pair("account_seed");
  auto user = a_user();
  auto twice = user.substr(0, user.size() - 1) + R"(,"sub":"x"})";
  for (std::string bad :
       {twice, std::string{"[]"}, std::string{"null"}, std::string{""}, std::string{"\xff"},
        user + "x", user.substr(1), std::string{R"({"nats":[]})"}})
    CHECK_MESSAGE(!reason(decode_jwt(signed_token(v2_header, bad, by))).empty(), bad);
  auto newer = json::parse(user);
  newer["nats"]["version"] = 3;
  CHECK(reason(decode_jwt(signed_token(v2_header, newer.dump(), by))).find("newer than 2")
        != std::string::npos);
  newer["nats"].erase("version");
  CHECK_FALSE(reason(decode_jwt(signed_token(v2_header, newer.dump(), by))).empty());
  for (auto old : {"cluster", "server"}) {
    newer["nats"]["type"] = old;
    CHECK_FALSE(reason(decode_jwt(signed_token(v2_header, newer.dump(), by))).empty());
  }
}

TEST_CASE("source addresses may be a list or one text with commas") {
  auto payload = json::parse(a_user());
  payload["nats"]["src"] = "192.0.2.0/24, 2001:db8::/32";
  auto u = good(decode_user_jwt(signed_token(v2_header, payload.dump(), pair("account_seed"))));
  CHECK(u.limits.sources == std::vector<std::string>{"192.0.2.0/24", "2001:db8::/32"});
}

TEST_CASE("a description shows the payload and does not check it") {
  auto text = describe_jwt(vector("plain_user"));
  REQUIRE(text);
  CHECK(json::parse(*text) == payload_of(vector("plain_user")));
  CHECK_FALSE(describe_jwt("x.y.z"));
  CHECK_FALSE(describe_jwt(""));
}
