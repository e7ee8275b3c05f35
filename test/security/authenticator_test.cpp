// test/security/authenticator_test.cpp: who gets in, as whom, and who does not.
#include "security/authenticator.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;

namespace {

/// Well-formed, of a password that no test knows.
constexpr auto some_bcrypt = "$2a$04$CCCCCCCCCCCCCCCCCCCCC.bGxLbsqrV3WNwmDKWzwDiv2w8dFv0Ei";
constexpr auto nkey_u = "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK";

user named(std::string name, std::string password, std::string account = "$G") {
  user u;
  u.name = std::move(name);
  u.password = std::move(password);
  u.account = std::move(account);
  return u;
}

credentials as(std::string name, std::string password = {}) {
  credentials c;
  c.user = std::move(name);
  c.password = std::move(password);
  return c;
}

credentials with_token(std::string token) {
  credentials c;
  c.token = std::move(token);
  return c;
}

authentication_settings two_users() {
  authentication_settings s;
  s.users = {named("bob", "b"), named("eve", "e", "E")};
  return s;
}

const accepted* let_in(const verdict& v) {
  return std::get_if<accepted>(&v);
}

std::string label_of(const verdict& v) {
  if (const auto* in = let_in(v))
    return in->label + "@" + in->account;
  return "refused: " + std::string{std::get<refused>(v).reason};
}

permission_rules only_publish(std::string subject) {
  permission_rules rules;
  rules.publish.allow = {std::move(subject)};
  return rules;
}

certificate_identity cert(std::vector<std::string> names, std::string_view dn,
                          std::vector<std::string> texts = {}) {
  return {std::move(names), parse_distinguished_name(dn).value_or(distinguished_name{}),
          std::move(texts)};
}

} // namespace

TEST_CASE("with nothing configured everybody gets in, whatever is sent") {
  authenticator open{{}};
  CHECK_FALSE(open.required());
  CHECK(label_of(open.login({})) == "anonymous@$G");
  CHECK(label_of(open.login(as("x", "y"))) == "anonymous@$G");
  CHECK(label_of(open.login(with_token("t"))) == "anonymous@$G");
  credentials jwt;
  jwt.jwt_given = true;
  CHECK(let_in(open.login(jwt)));
}

TEST_CASE("a user needs his own password and joins his own account") {
  authenticator a{two_users()};
  CHECK(a.required());
  CHECK(label_of(a.login(as("bob", "b"))) == "user:bob@$G");
  auto eve = a.login(as("eve", "e"));
  CHECK(label_of(eve) == "user:eve@E");
  CHECK(let_in(eve)->who == a.find_user("eve"));
  for (auto c : {as("bob", "e"), as("bob"), as("bob", "b "), as("", "b"), as("zed", "b"), as("")})
    CHECK_MESSAGE(!let_in(a.login(c)), c.user << "/" << c.password);
  CHECK_FALSE(let_in(a.login(with_token("b"))));
}

TEST_CASE("a refusal never carries what the peer sent or what is stored") {
  authenticator a{two_users()};
  for (const auto& c : {as("intruder", "hunter2"), as("bob", "hunter2")}) {
    auto text = label_of(a.login(c));
    CHECK(text.find("hunter2") == text.npos);
    CHECK(text.find("intruder") == text.npos);
    CHECK(text.starts_with("refused: "));
  }
}

TEST_CASE("bcrypt logins are announced as expensive, also for users that do not exist") {
  auto s = two_users();
  s.users.push_back(named("slow", some_bcrypt));
  authenticator a{s};
  CHECK(a.is_expensive(as("slow", "x")));
  CHECK(a.is_expensive(as("nobody", "x")));
  CHECK_FALSE(a.is_expensive(as("bob", "b")));
  CHECK_FALSE(let_in(a.login(as("slow", some_bcrypt))));
  CHECK_FALSE(let_in(a.login(as("nobody", "x"))));
  CHECK_FALSE(authenticator{two_users()}.is_expensive(as("nobody", "x")));
}

TEST_CASE("a single token and a single user work alone") {
  authentication_settings t;
  t.token = "tt";
  authenticator token{t};
  CHECK(token.required());
  CHECK(label_of(token.login(with_token("tt"))) == "token@$G");
  for (auto c : {with_token("x"), with_token(""), as("tt"), as("", "tt")})
    CHECK_FALSE(let_in(token.login(c)));
  authentication_settings u;
  u.user = "ann";
  u.password = "pw";
  authenticator single{u};
  CHECK(label_of(single.login(as("ann", "pw"))) == "user:ann@$G");
  for (auto c : {as("ann"), as("bob", "pw"), as("", "pw"), with_token("pw"), credentials{}})
    CHECK_FALSE(let_in(single.login(c)));
}

TEST_CASE("the no-auth user is for those alone who send nothing") {
  auto s = two_users();
  s.no_auth_user = "eve";
  authenticator a{s};
  CHECK_FALSE(a.required());
  auto in = a.login({});
  CHECK(label_of(in) == "user:eve@E");
  CHECK(let_in(in)->method == login_method::no_auth_user);
  for (auto c : {as("zed", "1"), as("", "e"), with_token("q")})
    CHECK_FALSE(let_in(a.login(c)));
  CHECK(label_of(a.login(as("bob", "b"))) == "user:bob@$G");
}

TEST_CASE("where only a system account has users, silence means the global account") {
  authentication_settings s;
  s.users = {named("sys", "s", "$SYS")};
  s.anonymous_global_user = true;
  authenticator a{s};
  CHECK(a.required());
  CHECK(label_of(a.login({})) == "anonymous@$G");
  CHECK(label_of(a.login(as("sys", "s"))) == "user:sys@$SYS");
  CHECK_FALSE(let_in(a.login(as("other"))));
  CHECK_FALSE(let_in(a.login(with_token("x"))));
}

TEST_CASE("an nkey user gets in only with a proven signature, or as the no-auth user") {
  auto s = two_users();
  user key;
  key.nkey = nkey_u;
  s.users.push_back(key);
  credentials c;
  c.nkey = nkey_u;
  {
    authenticator a{s};
    CHECK(a.needs_nonce());
    CHECK_FALSE(let_in(a.login(c)));
    c.nkey_proven = true;
    CHECK(label_of(a.login(c)) == std::string{"nkey:"} + nkey_u + "@$G");
    c.nkey = "UNKNOWN";
    CHECK_FALSE(let_in(a.login(c)));
    CHECK_FALSE(let_in(a.login(as(nkey_u))));
    CHECK_FALSE(let_in(a.login({})));
  }
  s.no_auth_user = nkey_u;
  authenticator free{s};
  CHECK(label_of(free.login({})) == std::string{"nkey:"} + nkey_u + "@$G");
  CHECK_FALSE(let_in(free.login(as("zed"))));
}

TEST_CASE("default permissions replace nothing a user has and reach no other account") {
  auto s = two_users();
  s.users.push_back(named("own", "o"));
  s.users.back().permissions = only_publish("own");
  s.users.push_back(named("far", "f", "F"));
  s.default_permissions = only_publish("default");
  s.account_default_permissions["F"] = only_publish("far");
  authenticator a{s};
  auto may = [&](std::string name, std::string password, std::string_view subject) {
    auto v = a.login(as(std::move(name), std::move(password)));
    REQUIRE(let_in(v));
    return !let_in(v)->allowed || let_in(v)->allowed->may_publish(subject);
  };
  CHECK(may("bob", "b", "default"));
  CHECK_FALSE(may("bob", "b", "own"));
  CHECK(may("own", "o", "own"));
  CHECK_FALSE(may("own", "o", "default"));
  CHECK(may("eve", "e", "anything"));
  CHECK(may("far", "f", "far"));
  CHECK_FALSE(may("far", "f", "default"));
}

TEST_CASE("users with equal rules share one compiled object") {
  auto s = two_users();
  s.users[1].account = "$G";
  s.default_permissions = only_publish("x");
  authenticator a{s};
  auto bob = a.login(as("bob", "b"));
  auto eve = a.login(as("eve", "e"));
  CHECK(let_in(bob)->allowed == let_in(eve)->allowed);
}

TEST_CASE("a user connects only over the types he is allowed") {
  auto s = two_users();
  s.users[0].allowed_connection_types = {"websocket", "unheard_of"};
  s.users[1].allowed_connection_types = {"unheard_of"};
  authenticator a{s};
  auto c = as("bob", "b");
  CHECK_FALSE(let_in(a.login(c)));
  c.type = connection_type::websocket;
  CHECK(let_in(a.login(c)));
  CHECK_FALSE(let_in(a.login(as("eve", "e"))));
}

TEST_CASE("a user that must come through a proxy is refused without one") {
  auto s = two_users();
  s.users[0].proxy_required = true;
  authenticator a{s};
  auto c = as("bob", "b");
  CHECK_FALSE(let_in(a.login(c)));
  c.through_trusted_proxy = true;
  CHECK(let_in(a.login(c)));
}

TEST_CASE("a mapped certificate decides who it is, names before subject, mail before DNS") {
  authentication_settings s;
  s.map_certificates = true;
  s.users = {named("host.example", ""), named("ann@example", ""),
             named("CN=bob,OU=Eng,O=Acme,C=US", ""), named("CN=x,DC=example,DC=com", "")};
  authenticator a{s};
  auto login = [&](const certificate_identity& who) { return label_of(a.login({}, &who)); };
  CHECK(login(cert({"ann@example", "host.example"}, "CN=bob,OU=Eng,O=Acme,C=US"))
        == "user:ann@example@$G");
  CHECK(login(cert({"other", "host.example"}, "")) == "user:host.example@$G");
  CHECK(login(cert({}, "CN=bob,OU=Eng,O=Acme,C=US")) == "user:CN=bob,OU=Eng,O=Acme,C=US@$G");
  CHECK(login(cert({}, "C=US,O=Acme,OU=Eng,CN=bob")) == "user:CN=bob,OU=Eng,O=Acme,C=US@$G");
  CHECK(login(cert({}, "", {"CN=x,DC=example,DC=com", "CN=x"}))
        == "user:CN=x,DC=example,DC=com@$G");
  for (const auto& who : {cert({}, "CN=bob"), cert({"bob"}, ""), cert({}, ""),
                          cert({}, "CN=bob,OU=Eng,O=Acme"), cert({}, "CN=Bob,OU=Eng,O=Acme,C=US")})
    CHECK(login(who).starts_with("refused"));
}

TEST_CASE("an exact subject wins over a reordered one") {
  authentication_settings s;
  s.users = {named("O=Acme,CN=bob", "", "reordered"), named("CN=bob,O=Acme", "", "exact")};
  authenticator a{s};
  auto who = cert({}, "CN=bob,O=Acme");
  CHECK(let_in(a.login({}, &who))->account == "exact");
}

TEST_CASE("a user without password is no way in where certificates are not mapped") {
  authentication_settings s;
  s.map_certificates = true;
  s.users = {named("host.example", ""), named("bob", "b")};
  authenticator a{s};
  CHECK_FALSE(let_in(a.login(as("host.example"))));
  CHECK(let_in(a.login(as("bob", "b"))));
  s.map_certificates = false; // nobody maps: as operators know it
  CHECK(let_in(authenticator{s}.login(as("host.example"))));
}

TEST_CASE("a mapped user who has a password must send it too") {
  authentication_settings s;
  s.map_certificates = true;
  s.users = {named("host.example", "pw")};
  authenticator a{s};
  auto who = cert({"host.example"}, "");
  CHECK_FALSE(let_in(a.login({}, &who)));
  CHECK(let_in(a.login(as("ignored", "pw"), &who)));
}

TEST_CASE("after a reload a live connection stays exactly if it could log in again") {
  auto s = two_users();
  authenticator before{s};
  auto bob = before.login(as("bob", "b"));
  REQUIRE(let_in(bob));
  SUBCASE("unchanged, also where the password is no longer at hand") {
    CHECK(let_in(authenticator{s}.recheck(*let_in(bob), as("bob"))));
  }
  SUBCASE("another password") {
    s.users[0].password = "new";
    CHECK_FALSE(let_in(authenticator{s}.recheck(*let_in(bob), as("bob", "b"))));
  }
  SUBCASE("the same password as a hash") {
    s.users[0].password = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    authenticator after{s};
    CHECK(after.is_recheck_expensive(*let_in(bob), as("bob", "U*U")));
    auto still = after.recheck(*let_in(bob), as("bob", "U*U"));
    REQUIRE(let_in(still));
    authenticator again{s};
    CHECK_FALSE(again.is_recheck_expensive(*let_in(still), as("bob", "U*U")));
    CHECK(let_in(again.recheck(*let_in(still), as("bob", "U*U"))));
  }
  SUBCASE("gone") {
    s.users.erase(s.users.begin());
    CHECK_FALSE(let_in(authenticator{s}.recheck(*let_in(bob), as("bob", "b"))));
  }
  SUBCASE("new permissions and account") {
    s.users[0].permissions = only_publish("x");
    s.users[0].account = "B";
    authenticator after{s};
    auto still = after.recheck(*let_in(bob), as("bob", "b"));
    REQUIRE(let_in(still));
    CHECK(let_in(still)->account == "B");
    CHECK_FALSE(let_in(still)->allowed->may_publish("y"));
  }
  SUBCASE("connection type no longer allowed") {
    s.users[0].allowed_connection_types = {"MQTT"};
    CHECK_FALSE(let_in(authenticator{s}.recheck(*let_in(bob), as("bob", "b"))));
  }
}

TEST_CASE("a silent connection is cut when a reload begins to ask for credentials") {
  authenticator open{{}};
  auto before = open.login({});
  CHECK_FALSE(let_in(authenticator{two_users()}.recheck(*let_in(before), {})));
  authentication_settings t;
  t.token = "tt";
  CHECK_FALSE(let_in(authenticator{t}.recheck(*let_in(before), {})));
}
