// test/security/callout_test.cpp: whom an auth callout judges, what it is asked, and which answers
// count.
#include "security/callout.hpp"

#include "test/security/trust_world.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace troupe::security;
using namespace troupe::security::test;

namespace {

/// A question and a service that answers it, rightly unless a test says otherwise.
struct callout_world : trust_world {
  std::shared_ptr<const server_keys> keys = std::make_shared<server_keys>();
  curve_key_pair xkey = curve_key_pair::create();
  callout_terms terms{"AUTH", account.public_text(), {}, false, {}};

  callout_question ask() const { return {terms, keys}; }

  std::string user_of(const callout_question& question, const key_pair& by,
                      const std::function<void(user_claims&)>& edit = {}) const {
    user_claims out;
    out.standard.subject = question.user();
    out.standard.audience = "APP";
    out.limits = user_limits::unlimited();
    if (edit)
      edit(out);
    return signed_jwt(out, by);
  }
  std::string
  answer_to(const callout_question& question, const std::string& user_jwt, const key_pair& by,
            const std::function<void(authorization_response_claims&)>& edit = {}) const {
    authorization_response_claims out;
    out.standard.subject = question.user();
    out.standard.audience = keys->identity.public_text();
    out.jwt = user_jwt;
    if (edit)
      edit(out);
    return signed_jwt(out, by);
  }
  /// Operator mode: what is known of the callout's account, whose JWT allows it to judge.
  account_trust_ptr in_operator_mode() {
    account_claims_.callout.auth_users = {user.public_text()};
    account_claims_.callout.allowed_accounts = {other.public_text()};
    auto known = trusted_account(trust(), op);
    terms = callout_terms::of(*known);
    return known;
  }
};

bool lets_in(const callout_question::opinion& said) {
  return std::holds_alternative<user_claims>(said);
}
bool ignores(const callout_question::opinion& said) {
  return std::holds_alternative<callout_question::ignored>(said);
}
bool refuses(const callout_question::opinion& said, std::string_view why) {
  const auto* no = std::get_if<login_refusal>(&said);
  return no && no->reason.find(why) != std::string::npos;
}

accepted let_in(const user& who) {
  accepted out;
  out.who = &who;
  out.account = who.account;
  out.method = login_method::password;
  return out;
}

} // namespace

TEST_CASE("a callout judges all but its own users, and accounts that it is not for") {
  callout_settings file;
  file.auth_users = {"svc", "UNKEY"};
  user svc, bob, key;
  svc.name = "svc";
  svc.account = "AUTH";
  bob.name = "bob";
  bob.account = "APP";
  key.nkey = "UNKEY";
  credentials given;
  given.user = "svc";
  CHECK_FALSE(callout_decides(file, let_in(svc), given));
  CHECK_FALSE(callout_decides(file, refused{"wrong password"}, given));
  CHECK_FALSE(callout_decides(file, let_in(key), {}));
  // Who is somebody else does not become one of them by saying so.
  given.nkey = "svc";
  CHECK(callout_decides(file, let_in(bob), given));
  given = {};
  given.user = "bob";
  CHECK(callout_decides(file, let_in(bob), given));
  CHECK(callout_decides(file, refused{"unknown user"}, given));
  file.allowed_accounts = {"OTHER"};
  CHECK_FALSE(callout_decides(file, let_in(bob), given));
  CHECK(callout_decides(file, refused{"unknown user"}, given));
  bob.account = "OTHER";
  CHECK(callout_decides(file, let_in(bob), given));
  bob.account = "$G";
  CHECK(callout_decides(file, let_in(bob), given));
  accepted token;
  token.account = "$G";
  token.method = login_method::token;
  CHECK(callout_decides(file, token, {}));
}

TEST_CASE_FIXTURE(callout_world, "a request is signed by the server and asks for a fresh user") {
  auto question = ask();
  CHECK(question.user() != ask().user());
  std::string headers;
  authorization_request_claims facts;
  facts.connect.user = "alice";
  auto made = question.encode(facts, noon, 2, headers);
  CHECK(headers.empty());
  auto read = decode_authorization_request(std::get<std::string>(made));
  const auto& said = std::get<authorization_request_claims>(read);
  CHECK(said.standard.issuer == keys->identity.public_text());
  CHECK(said.server.id == said.standard.issuer);
  CHECK(said.server.xkey.empty());
  CHECK(said.standard.subject == account.public_text());
  CHECK(said.standard.audience == "nats-authorization-request");
  CHECK(said.standard.expires == noon + 2);
  CHECK(said.user_nkey == question.user());
  CHECK(said.connect.user == "alice");
}

TEST_CASE_FIXTURE(callout_world,
                  "a sealed request only the service can open, and it can answer so") {
  terms.xkey = xkey.public_text();
  auto question = ask();
  std::string headers;
  auto made = question.encode({}, noon, 2, headers);
  CHECK(headers == "NATS/1.0\r\nNats-Server-Xkey: " + keys->xkey.public_text() + "\r\n\r\n");
  auto opened = xkey.open(std::get<std::string>(made), keys->xkey.public_text());
  REQUIRE(opened);
  auto read = decode_authorization_request(*opened);
  CHECK(std::get<authorization_request_claims>(read).server.xkey == keys->xkey.public_text());
  auto right = answer_to(question, user_of(question, account), account);
  auto stranger = curve_key_pair::create();
  const auto& server = keys->xkey.public_text();
  CHECK(lets_in(question.open(*xkey.seal(right, server), nullptr, noon)));
  CHECK(lets_in(question.open(right, nullptr, noon)));
  CHECK(ignores(question.open(*stranger.seal(right, server), nullptr, noon)));
  CHECK(ignores(question.open(*xkey.seal(right, stranger.public_text()), nullptr, noon)));
  auto broken = *xkey.seal(right, server);
  broken.back() = static_cast<char>(broken.back() ^ 1);
  CHECK(ignores(question.open(broken, nullptr, noon)));
  CHECK(refuses(question.open("", nullptr, noon), "without a reason"));
}

TEST_CASE_FIXTURE(callout_world,
                  "what another signs, for another login or server, does not count") {
  auto question = ask();
  auto right = user_of(question, account);
  CHECK(lets_in(question.open(answer_to(question, right, account), nullptr, noon)));
  CHECK(ignores(question.open(answer_to(question, right, other), nullptr, noon)));
  CHECK(ignores(ask().open(answer_to(question, right, account), nullptr, noon)));
  CHECK(ignores(question.open(right, nullptr, noon)));
  CHECK(ignores(question.open("no JWT", nullptr, noon)));
  callout_question elsewhere{terms, std::make_shared<server_keys>()};
  CHECK(ignores(question.open(
      answer_to(question, right, account,
                [&](auto& said) { said.standard.audience = server_keys{}.identity.public_text(); }),
      nullptr, noon)));
  CHECK(refuses(
      question.open(answer_to(question, user_of(elsewhere, account), account), nullptr, noon),
      "not the one of this login"));
  CHECK(
      refuses(question.open(answer_to(question, user_of(question, other), account), nullptr, noon),
              "not by the issuer"));
}

TEST_CASE_FIXTURE(callout_world,
                  "in operator mode the account's keys answer, for allowed accounts") {
  auto known = in_operator_mode();
  CHECK(terms.operator_mode);
  auto question = ask();
  auto open = [&](const std::string& user_jwt, const key_pair& by,
                  const std::function<void(authorization_response_claims&)>& edit = {}) {
    return question.open(answer_to(question, user_jwt, by, edit), known.get(), noon);
  };
  auto own = user_of(question, account), allowed = user_of(question, other);
  CHECK(lets_in(open(own, account)));
  CHECK(lets_in(open(allowed, account)));
  CHECK(lets_in(open(allowed, account_signing,
                     [&](auto& said) { said.issuer_account = account.public_text(); })));
  CHECK(ignores(open(allowed, other)));
  CHECK(ignores(open(allowed, other, [&](auto& said) {
    said.issuer_account = account.public_text(); // which it only says
  })));
  CHECK(ignores(
      open(allowed, account, [&](auto& said) { said.issuer_account = other.public_text(); })));
  auto third = key_pair::create(nkey_kind::account);
  CHECK(refuses(open(user_of(question, third), account), "may not let anybody into"));
  CHECK(refuses(open(user_of(question, account_signing,
                             [&](auto& one) { one.issuer_account = third.public_text(); }),
                     account),
                "may not let anybody into"));
  auto into_allowed = open(allowed, account);
  CHECK(question.target_of(std::get<user_claims>(into_allowed)) == other.public_text());
}

TEST_CASE_FIXTURE(callout_world, "whom a callout makes is held to what his JWT and account say") {
  auto by = trust();
  auto at = trusted_account(by, op);
  user_claims made;
  made.standard.subject = user.public_text();
  made.standard.issuer = account.public_text();
  made.standard.issued_at = noon - 5;
  made.limits.payload = 100;
  auto admit = [&] { return by.admit_by_callout(made, request, *at, noon); };
  auto in = admit();
  REQUIRE(reason(in).empty());
  CHECK(std::get<admitted_user>(in).payload == 100);
  CHECK(std::get<admitted_user>(in).subscriptions == -1); // not said: no limit
  made.limits.sources = {"198.51.100.0/24"};
  CHECK(reason(admit()).find("address") != std::string::npos);
  made.limits.sources.clear();
  made.limits.connection_types = {"WEBSOCKET"};
  CHECK(reason(admit()).find("connect over") != std::string::npos);
  made.limits.connection_types.clear();
  made.standard.issuer = other.public_text();
  made.issuer_account = account.public_text();
  CHECK(reason(admit()).find("may not sign") != std::string::npos);
  made.standard.issuer = account_signing.public_text();
  CHECK(reason(admit()).empty());
  account_claims_.revocations["*"] = noon;
  at = trusted_account(by, op);
  CHECK(reason(admit()).find("revoked") != std::string::npos);
  account_claims_.revocations.clear();
  at = trusted_account(by, op);
  settings.pinned_accounts = {other.public_text()};
  by = trust();
  CHECK(reason(admit()).find("pinned") != std::string::npos);
}

TEST_CASE("who is in the account of a callout may not ask it himself") {
  auto everything = without_callout_requests({});
  CHECK_FALSE(everything->may_publish(callout_subject));
  CHECK(everything->may_publish("$SYS.REQ.USER.INFO"));
  permission_rules rules;
  rules.publish.allow = {"a.>", "$SYS.>"};
  rules.subscribe.deny = {"b"};
  auto some =
      without_callout_requests(permissions_ptr{troupe::protocol::make_ref<permissions>(rules)});
  CHECK_FALSE(some->may_publish(callout_subject));
  CHECK(some->may_publish("a.b"));
  CHECK_FALSE(some->may_publish("c"));
  CHECK(some->may_subscribe("b", "") == subscribe_verdict::refused);
}
