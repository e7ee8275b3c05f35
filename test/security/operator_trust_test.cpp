// test/security/operator_trust_test.cpp: who gets in by a JWT, and every way of trying without one.
#include "security/operator_trust.hpp"

#include "test/security/trust_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using namespace troupe::security::test;

namespace {

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> problems_of(operator_settings settings) {
  auto made = operator_trust::make(std::move(settings), noon);
  auto* problems = std::get_if<std::vector<std::string>>(&made);
  return problems ? *problems : std::vector<std::string>{};
}

} // namespace

TEST_CASE_FIXTURE(trust_world, "a user of a trusted account gets in with what his JWT says") {
  user_claims_.limits.permissions.publish.allow = {"orders.>"};
  user_claims_.limits.payload = 100;
  user_claims_.standard.expires = noon + 60;
  user_claims_.standard.tags = {"team:red"};
  auto result = login(account);
  REQUIRE(reason(result).empty());
  const auto& who = std::get<admitted_user>(result);
  CHECK(who.key == user.public_text());
  CHECK(who.name == "bob");
  CHECK(who.account == account.public_text());
  CHECK(who.tags == std::vector<std::string>{"team:red"});
  CHECK(who.payload == 100);
  CHECK(who.subscriptions == -1);
  CHECK(who.valid_until == noon + 60);
  REQUIRE(who.allowed);
  CHECK(who.allowed->may_publish("orders.new"));
  CHECK_FALSE(who.allowed->may_publish("other"));
}

TEST_CASE_FIXTURE(trust_world,
                  "accounts signed by operator, signing key or raw trusted key are trusted") {
  auto by = trust();
  CHECK(trusted_account(by, op));
  CHECK(trusted_account(by, op_signing));
  settings.trusted_keys = {foreign_op.public_text()};
  CHECK(trusted_account(trust(), foreign_op));
}

TEST_CASE_FIXTURE(
    trust_world,
    "accounts of a foreign operator, of themselves, expired, early or invalid are not") {
  auto by = trust();
  auto judge = [&](const key_pair& signer) {
    auto made = by.admit_account(signed_jwt(account_claims_, signer), "", noon);
    auto* reason = std::get_if<std::string>(&made);
    return reason ? *reason : std::string{};
  };
  CHECK(judge(op).empty());
  CHECK(says(judge(foreign_op), "no trusted operator"));
  CHECK(says(judge(account), "no trusted operator"));
  account_claims_.standard.expires = noon - 1;
  CHECK(says(judge(op), "expired"));
  account_claims_.standard.expires = 0;
  account_claims_.standard.not_before = noon + 1;
  CHECK(says(judge(op), "not yet valid"));
  account_claims_.standard.not_before = 0;
  auto& offered = account_claims_.exports.emplace_back();
  offered.subject = "a..b";
  offered.kind = share_kind::stream;
  CHECK(says(judge(op), "two dots"));
  account_claims_.exports.clear();
  auto made = by.admit_account(signed_jwt(account_claims_, op), other.public_text(), noon);
  CHECK(says(std::get<std::string>(made), "was given for"));
  made = by.admit_account(signed_jwt(user_claims_, account), "", noon);
  CHECK(says(std::get<std::string>(made), "is a user JWT"));
}

TEST_CASE_FIXTURE(trust_world, "no JWT, a damaged one, and one of another kind are refused") {
  auto by = trust();
  auto at = trusted_account(by, op);
  sign_nonce(user);
  CHECK(says(reason(login(by, *at)), "no user JWT"));
  jwt = signed_jwt(user_claims_, account);
  CHECK(reason(login(by, *at)).empty());
  auto good = jwt;
  jwt[jwt.size() / 2] ^= 1;
  CHECK(says(reason(login(by, *at)), "cannot be used"));
  jwt = signed_jwt(account_claims_, op);
  CHECK(says(reason(login(by, *at)), "is an account JWT"));
  jwt = good + good;
  CHECK_FALSE(reason(login(by, *at)).empty());
}

TEST_CASE_FIXTURE(trust_world, "the nonce must be signed by the user himself, and be this one") {
  sign_nonce(account);
  CHECK(says(reason(login(account)), "signature of the nonce"));
  auto stranger = key_pair::create(nkey_kind::user);
  sign_nonce(stranger);
  CHECK(says(reason(login(account)), "signature of the nonce"));
  sign_nonce(user);
  CHECK(reason(login(account)).empty());
  nonce = make_nonce(); // replayed on another connection
  CHECK(says(reason(login(account)), "signature of the nonce"));
  signature = "-";
  CHECK(says(reason(login(account)), "signature of the nonce"));
}

TEST_CASE_FIXTURE(trust_world, "a user signed by another account's key is nobody here") {
  CHECK_FALSE(reason(login(other)).empty());
  user_claims_.issuer_account = account.public_text(); // claims to be of this account
  CHECK(says(reason(login(other)), "may not sign users"));
  CHECK(reason(login(account_signing)).empty());
  user_claims_.issuer_account = other.public_text();
  CHECK(says(reason(login(account)), "is of account"));
}

TEST_CASE_FIXTURE(trust_world, "a signing key that was taken out signs nobody any more") {
  user_claims_.issuer_account = account.public_text();
  CHECK(reason(login(account_signing)).empty());
  account_claims_.signing_keys.clear();
  CHECK(says(reason(login(account_signing)), "may not sign users"));
}

TEST_CASE_FIXTURE(trust_world, "expired and early users are refused, to the second") {
  user_claims_.standard.expires = noon;
  CHECK(reason(login(account, noon)).empty());
  CHECK(says(reason(login(account, noon + 1)), "expired"));
  user_claims_.standard.expires = 0;
  user_claims_.standard.not_before = noon;
  CHECK(reason(login(account, noon)).empty());
  CHECK(says(reason(login(account, noon - 1)), "not yet valid"));
}

TEST_CASE_FIXTURE(trust_world, "an account that expires later lets nobody in from then on") {
  account_claims_.standard.expires = noon + 10;
  auto result = login(account, noon + 9);
  REQUIRE(reason(result).empty());
  CHECK(std::get<admitted_user>(result).valid_until == 0);
  CHECK(says(reason(login(account, noon + 10)), "account JWT has expired"));
}

TEST_CASE_FIXTURE(trust_world, "a revocation hits JWTs issued up to it, of one user or of all") {
  for (auto whom : {user.public_text(), std::string{"*"}}) {
    account_claims_.revocations = {{whom, noon - 101}};
    CHECK(reason(login(account)).empty());
    account_claims_.revocations = {{whom, noon - 100}}; // the second it was issued in
    CHECK(reason(login(account)) == "the user is revoked");
  }
  account_claims_.revocations.clear();
  for (int i = 0; i < 300; ++i)
    account_claims_.revocations[key_pair::create(nkey_kind::user).public_text()] = noon;
  CHECK(reason(login(account)).empty());
  account_claims_.revocations[user.public_text()] = noon;
  CHECK(reason(login(account)) == "the user is revoked");
}

TEST_CASE_FIXTURE(trust_world, "a bearer needs no signature, unless the account forbids bearers") {
  user_claims_.limits.bearer = true;
  signature = "nothing";
  CHECK(reason(login(account)).empty());
  account_claims_.limits.disallow_bearer = true;
  CHECK(says(reason(login(account)), "bearer"));
  sign_nonce(user);
  CHECK(says(reason(login(account)), "bearer")); // even with a good one
}

TEST_CASE_FIXTURE(trust_world,
                  "users whom an auth callout judges are not in yet, those of the callout are") {
  account_claims_.callout.auth_users = {key_pair::create(nkey_kind::user).public_text()};
  CHECK(std::get<admitted_user>(login(account)).needs_callout);
  account_claims_.callout.auth_users.push_back(user.public_text());
  CHECK_FALSE(std::get<admitted_user>(login(account)).needs_callout);
}

TEST_CASE_FIXTURE(trust_world,
                  "a strict operator lets neither its own key nor the account's own key sign") {
  op_claims.strict_signing_keys = true;
  auto by = trust();
  auto made = by.admit_account(signed_jwt(account_claims_, op), "", noon);
  CHECK(says(std::get<std::string>(made), "no trusted operator"));
  auto at = trusted_account(by, op_signing);
  sign_nonce(user);
  jwt = signed_jwt(user_claims_, account);
  CHECK(says(reason(login(by, *at)), "may not sign users"));
  user_claims_.issuer_account = account.public_text();
  jwt = signed_jwt(user_claims_, account_signing);
  CHECK(reason(login(by, *at)).empty());
}

TEST_CASE_FIXTURE(trust_world, "of connection types only the known and listed ones get in") {
  user_claims_.limits.connection_types = {"websocket", "TELEPATHY"};
  CHECK(says(reason(login(account)), "may not connect over STANDARD"));
  request.type = connection_type::websocket;
  CHECK(reason(login(account)).empty());
  user_claims_.limits.connection_types = {"TELEPATHY"};
  CHECK_FALSE(reason(login(account)).empty());
}

TEST_CASE_FIXTURE(trust_world, "addresses outside of the ranges, and none, are refused") {
  user_claims_.limits.sources = {"192.0.2.0/29", "2001:db8::/32"};
  for (auto [address, fine] : {std::pair{"192.0.2.7", true},
                               {"192.0.2.8", false},
                               {"::ffff:192.0.2.1", true},
                               {"2001:db8:1::5", true},
                               {"2001:db9::5", false},
                               {"", false},
                               {"192.0.2.7.example", false}}) {
    request.address = address;
    CHECK_MESSAGE(reason(login(account)).empty() == fine, address);
  }
}

TEST_CASE_FIXTURE(trust_world, "times of day are kept in their zone, and end what they allow") {
  // 22:13:20 UTC is 23:13:20 in Berlin.
  user_claims_.limits.times_location = "Europe/Berlin";
  user_claims_.limits.times = {{"23:00:00", "23:30:00", {}}};
  auto result = login(account);
  REQUIRE(reason(result).empty());
  CHECK(std::get<admitted_user>(result).valid_until == noon + 16 * 60 + 40);
  user_claims_.limits.times = {{"22:00:00", "23:00:00", {}}};
  CHECK(says(reason(login(account)), "time of day"));
  user_claims_.limits.times = {{"22:00:00", "01:00:00", {}}, {"23:00:00", "23:30:00", {}}};
  result = login(account);
  REQUIRE(reason(result).empty());
  CHECK(std::get<admitted_user>(result).valid_until == noon + 106 * 60 + 40); // 01:00, the later
  CHECK(reason(login(account, noon + 90 * 60)).empty()); // 00:43, yesterday's window
  CHECK_FALSE(reason(login(account, noon + 107 * 60)).empty());
  user_claims_.limits.times_location = "../../etc/passwd";
  CHECK(says(reason(login(account)), "time zone"));
}

TEST_CASE_FIXTURE(trust_world, "a user that needs a trusted proxy does not get in without one") {
  user_claims_.limits.proxy_required = true;
  auto result = login(account);
  CHECK(says(reason(result), "proxy"));
  CHECK(std::get<login_refusal>(result).proxy_missing);
  request.through_trusted_proxy = true;
  CHECK(reason(login(account)).empty());
}

TEST_CASE_FIXTURE(trust_world, "with pinned accounts only their users and the system's get in") {
  settings.operator_jwts = {signed_jwt(op_claims, op)};
  settings.pinned_accounts = {other.public_text()};
  CHECK(says(reason(login(account)), "pinned"));
  settings.system_account = account.public_text();
  CHECK(reason(login(account)).empty());
}

TEST_CASE_FIXTURE(trust_world,
                  "whoever presents no readable JWT is the sentinel, if there is one") {
  auto sentinel = user_claims_;
  sentinel.limits.bearer = true;
  settings.operator_jwts = {signed_jwt(op_claims, op)};
  settings.sentinel = signed_jwt(sentinel, account);
  auto by = trust();
  auto at = trusted_account(by, op);
  for (auto given : {"", "x.y.z"}) {
    jwt = given;
    CHECK(reason(login(by, *at)).empty());
  }
  user_claims_.standard.expires = noon - 1; // readable, so it stands for itself
  jwt = signed_jwt(user_claims_, account);
  CHECK(says(reason(login(by, *at)), "expired"));
}

TEST_CASE_FIXTURE(trust_world, "default permissions replace only what is wholly absent") {
  account_claims_.default_permissions.publish.deny = {"internal.>"};
  auto result = login(account);
  REQUIRE(reason(result).empty());
  CHECK(std::get<admitted_user>(result).default_permissions);
  CHECK_FALSE(std::get<admitted_user>(result).allowed->may_publish("internal.x"));
  user_claims_.limits.permissions.subscribe.deny = {"x"};
  result = login(account);
  CHECK_FALSE(std::get<admitted_user>(result).default_permissions);
  CHECK(std::get<admitted_user>(result).allowed->may_publish("internal.x"));
}

TEST_CASE_FIXTURE(trust_world, "a user of a scoped key gets the scope, and nothing of his own") {
  user_scope scope;
  scope.limits = user_limits::unlimited();
  scope.limits.payload = 10;
  scope.limits.permissions.publish.allow = {"user.{{name()}}.>"};
  account_claims_.signing_keys = {{account_signing.public_text(), scope}};
  user_claims_.issuer_account = account.public_text();
  CHECK(says(reason(login(account_signing)), "no permissions or limits"));
  user_claims_.limits = {};
  auto result = login(account_signing);
  REQUIRE(reason(result).empty());
  CHECK(std::get<admitted_user>(result).payload == 10);
  CHECK(std::get<admitted_user>(result).allowed->may_publish("user.bob.x"));
  CHECK_FALSE(std::get<admitted_user>(result).allowed->may_publish("user.eve.x"));
  for (auto change : {+[](user_limits& l) { l.bearer = true; }, +[](user_limits& l) { l.data = 1; },
                      +[](user_limits& l) { l.permissions.responses.emplace(); },
                      +[](user_limits& l) { l.sources = {"0.0.0.0/0"}; },
                      +[](user_limits& l) { l.connection_types = {"STANDARD"}; },
                      +[](user_limits& l) { l.times_location = "UTC"; }}) {
    user_claims_.limits = {};
    change(user_claims_.limits);
    CHECK(says(reason(login(account_signing)), "no permissions or limits"));
  }
}

TEST_CASE_FIXTURE(trust_world,
                  "a live connection falls with revocation, signing key, scope and bearer") {
  user_scope scope;
  scope.limits = user_limits::unlimited();
  account_claims_.signing_keys = {{account_signing.public_text(), scope}};
  user_claims_.issuer_account = account.public_text();
  user_claims_.limits = {};
  auto who = std::get<admitted_user>(login(account_signing));
  auto by = trust();
  auto before = trusted_account(by, op);
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::unchanged);
  account_claims_.signing_keys[0].scope->limits.payload = 5;
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::scope_changed);
  account_claims_.signing_keys[0].scope.reset();
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::scope_changed);
  account_claims_.signing_keys.clear();
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::signing_key_removed);
  account_claims_.revocations = {{user.public_text(), who.issued_at}};
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::revoked);
  account_claims_.revocations.clear();
  who.bearer = true;
  account_claims_.limits.disallow_bearer = true;
  CHECK(recheck(who, *before, *trusted_account(by, op)) == standing::bearer_not_allowed);
}

TEST_CASE_FIXTURE(trust_world,
                  "settings that trust nobody, or the wrong, are refused with all reasons") {
  CHECK(problems_of({}).size() == 1);
  auto good = signed_jwt(op_claims, op);
  operator_settings s;
  s.operator_jwts = {good};
  s.trusted_keys = {"OABC"};
  s.system_account = "x";
  s.pinned_accounts = {user.public_text()};
  CHECK(problems_of(s).size() == 4);
  s = {};
  s.operator_jwts = {signed_jwt(op_claims, foreign_op)}; // claims to be another operator
  CHECK(says(problems_of(s).at(0), "signed neither"));
  s.operator_jwts = {signed_jwt(op_claims, op_signing)};
  CHECK(problems_of(s).empty());
  op_claims.assert_server_version = "2.15.2";
  s.operator_jwts = {signed_jwt(op_claims, op)};
  s.server_version = "2.15.1";
  CHECK(says(problems_of(s).at(0), "demands a server"));
  s.server_version = "2.16.0";
  CHECK(problems_of(s).empty());
  op_claims.system_account = account.public_text();
  s.operator_jwts = {signed_jwt(op_claims, op)};
  s.system_account = other.public_text();
  CHECK(says(problems_of(s).at(0), "system account"));
  s.operator_jwts = {"gibberish"};
  CHECK(says(problems_of(s).at(0), "cannot be used"));
}

TEST_CASE_FIXTURE(trust_world, "an activation serves only whom, what and when it was made for") {
  auto by = trust();
  activation_claims token;
  token.standard.subject = other.public_text();
  token.subject = "orders.eu.>";
  token.kind = share_kind::stream;
  import_rule wanted;
  wanted.account = account.public_text();
  wanted.subject = "orders.eu.new";
  export_rule offer;
  offer.subject = "orders.>";
  offer.token_required = true;
  int64_t until = 0;
  auto importer = other.public_text();
  auto check = [&](const key_pair& signer, int64_t now = noon) {
    wanted.token = signed_jwt(token, signer);
    return check_activation(importer, wanted, offer, *trusted_account(by, op), now, until);
  };
  CHECK(check(account).empty());
  CHECK(says(check(other), "not of the exporter"));
  token.issuer_account = account.public_text();
  CHECK(check(account_signing).empty());
  CHECK(says(check(other), "key that the exporter does not have"));
  account_claims_.signing_keys[0].scope.emplace();
  CHECK(says(check(account_signing), "of a scope"));
  token.issuer_account.clear();
  importer = account_signing.public_text();
  CHECK(says(check(account), "is for account"));
  importer = other.public_text();
  wanted.subject = "orders.us.new";
  CHECK(says(check(account), "does not cover"));
  wanted.subject = "orders.>";
  CHECK(says(check(account), "does not cover"));
  wanted.subject = "orders.eu.>";
  CHECK(check(account).empty());
  wanted.kind = share_kind::service;
  CHECK(says(check(account), "another kind"));
  wanted.kind = share_kind::stream;
  token.standard.expires = noon + 5;
  CHECK(check(account).empty());
  CHECK(until == noon + 5);
  CHECK(says(check(account, noon + 5), "expired"));
  token.standard.expires = 0;
  token.standard.not_before = noon + 1;
  CHECK(says(check(account), "not yet valid"));
  token.standard.not_before = 0;
  for (auto whom : {importer, std::string{"*"}}) {
    offer.revocations = {{whom, noon - 101}};
    CHECK(check(account).empty());
    offer.revocations = {{whom, noon - 100}};
    CHECK(says(check(account), "revoked"));
  }
  offer.revocations.clear();
  wanted.token = signed_jwt(user_claims_, account);
  CHECK(says(check_activation(importer, wanted, offer, *trusted_account(by, op), noon, until),
             "is a user JWT"));
  wanted.token.clear();
  CHECK_FALSE(
      check_activation(importer, wanted, offer, *trusted_account(by, op), noon, until).empty());
}
