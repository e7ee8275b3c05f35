// test/e2e/callout_operator_test.cpp: logins that an auth callout decides, in operator mode.
#include "callout_service.hpp"

#include "security/creds_file.hpp"
#include "security/store_layout.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;

const std::string violation = "-ERR 'Authorization Violation'\n(closed)";

bool is_reference() {
  return std::getenv("TROUPE_E2E_REFERENCE") != nullptr;
}

/// The account AUTH has its users judged, who may be let into Acme; Beta has nothing to do with it.
struct callout_folder : operator_site {
  explicit callout_folder(std::string xkey = {}) {
    auth.claims.callout.auth_users = {service.public_text()};
    auth.claims.callout.allowed_accounts = {acme.id()};
    auth.claims.callout.xkey = std::move(xkey);
    for (const auto* one : {&system, &auth, &acme, &beta})
      publish(*one);
    const auto* binary = std::getenv("TROUPE_E2E_SERVER");
    REQUIRE_MESSAGE(binary != nullptr, "TROUPE_E2E_SERVER must name the binary");
    server = std::make_unique<server_process>(binary, "operator: " + operator_jwt()
                                                          + "\nresolver { type: full, dir: \""
                                                          + folder.path().string()
                                                          + "\" }\nleafnodes { listen: "
                                                            "\"127.0.0.1:-1\" }\n");
  }
  void publish(const tenant& of) {
    CHECK(write_store_file((folder.path() / (of.id() + ".jwt")).string(), jwt(of)) == "");
  }
  /// As the reference wants it: by the system account.
  void push(const tenant& of) {
    site_client admin{*server, system.user_jwt(), system.user};
    CHECK(admin.request("$SYS.REQ.CLAIMS.UPDATE", jwt(of)).find("jwt updated")
          != std::string::npos);
  }
  callout_service serve(std::optional<curve_key_pair> with = {}) {
    auto own = auth.user_jwt(false, [&](auto& user) {
      user.standard.subject = service.public_text();
      user.limits.bearer = true;
    });
    return {std::make_unique<site_client>(*server, "\"jwt\":\"" + own + "\""), std::move(with)};
  }
  /// What every client of such a site holds: good for nothing but to be judged.
  std::string sentinel() const {
    return auth.user_jwt(false, [](auto& user) { user.limits.bearer = true; });
  }
  site_client somebody() { return {*server, R"("auth_token":"tkn","jwt":")" + sentinel() + "\""}; }
  std::string for_acme(const callout_request& asked, const key_pair& by,
                       const user_edit& edit = {}) const {
    return response_with(asked, user_for(asked, by, edit), auth.key);
  }
  std::string account_of(site_client& who) {
    auto info = who.request("$SYS.REQ.USER.INFO", "");
    auto at = info.find("\"account\":\"");
    return at == std::string::npos ? info : info.substr(at + 11, 56);
  }

  uint16_t leaf_port() const {
    constexpr std::string_view before = "Listening for leafnode connections on 127.0.0.1:";
    auto log = server->log();
    auto at = log.find(before);
    REQUIRE(at != std::string::npos);
    return static_cast<uint16_t>(std::stoul(log.substr(at + before.size())));
  }

  tenant auth{"AUTH"};
  key_pair service = key_pair::create(nkey_kind::user);
  scratch_folder folder;
  std::unique_ptr<server_process> server;
};

} // namespace

TEST_CASE("an account's auth callout lets its users into the accounts that it may, by their keys") {
  user_scope scope;
  scope.role = "reader";
  scope.limits = user_limits::unlimited();
  scope.limits.permissions.publish.allow = {"$SYS.REQ.USER.INFO", "by.{{name()}}"};
  auto scoped = key_pair::create(nkey_kind::account);
  callout_folder site;
  site.acme.claims.signing_keys.push_back({scoped.public_text(), scope});
  site.push(site.acme);
  auto service = site.serve();
  auto first = site.somebody();
  auto asked = service.next();
  CHECK(asked.said.standard.subject == site.auth.id());
  CHECK(asked.said.connect.token == "tkn");
  CHECK(asked.said.connect.jwt.starts_with("eyJ"));
  CHECK(asked.said.client.user == site.auth.user.public_text());
  CHECK(asked.said.client.name_tag == "somebody");
  service.answer(asked, site.for_acme(asked, site.acme.key));
  CHECK(site.account_of(first) == site.acme.id());

  auto second = site.somebody(); // the user by a signing key, the answer as well
  asked = service.next();
  auto user =
      user_for(asked, site.acme.signing, [&](auto& one) { one.issuer_account = site.acme.id(); });
  service.answer(asked, response_with(asked, user, site.auth.signing,
                                      [&](auto& said) { said.issuer_account = site.auth.id(); }));
  CHECK(site.account_of(second) == site.acme.id());

  auto third = site.somebody();
  asked = service.next();
  service.answer(asked, site.for_acme(asked, scoped, [&](auto& one) {
    one.issuer_account = site.acme.id();
    one.standard.name = "bob";
    one.limits = {};
  }));
  CHECK(site.account_of(third) == site.acme.id());
  third.send("PUB by.bob 0\r\n\r\nPUB by.eve 0\r\n");
  CHECK(third.until_pong() == "-ERR 'Permissions Violation for Publish to \"by.eve\"'");

  auto own = site.somebody(); // into its own account, where nobody may ask
  asked = service.next();
  service.answer(asked, site.for_acme(asked, site.auth.key));
  CHECK(site.account_of(own) == site.auth.id());
  own.send("PUB $SYS.REQ.USER.AUTH 0\r\n");
  CHECK(own.until_pong() == "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'");
  // Users of other accounts do not even come to its notice.
  CHECK(login(*site.server, site.beta.user_jwt(), site.beta.user) == "");
}

TEST_CASE("in operator mode nobody gets in without the auth callout, or into another account") {
  callout_folder site;
  auto service = site.serve();
  auto answered = [&](const std::function<std::string(const callout_request&)>& say) {
    auto client = site.somebody();
    auto asked = service.next();
    service.answer(asked, say(asked));
    if (!is_reference()) // a forged answer does nothing, this one does
      service.answer(asked, "");
    return client.until_pong();
  };
  CHECK(answered([](auto&) { return std::string{}; }) == violation);
  CHECK(answered([&](auto& asked) { return site.for_acme(asked, site.beta.key); }) == violation);
  CHECK(answered([&](auto& asked) {
          return site.for_acme(asked, site.beta.key, [&](auto& user) {
            user.issuer_account = site.acme.id(); // so it says
          });
        })
        == violation);
  auto by_acme = [&](auto& asked) { // Acme is no callout
    return response_with(asked, user_for(asked, site.acme.key), site.acme.key);
  };
  CHECK(answered(by_acme) == violation);
  CHECK(answered([&](auto& asked) {
          return response_with(asked, user_for(asked, site.acme.key), site.beta.key,
                               [&](auto& said) { said.issuer_account = site.beta.id(); });
        })
        == violation);
  CHECK(answered([&](auto& asked) { return user_for(asked, site.acme.key); }) == violation);
  CHECK(answered([&](auto& asked) {
          return site.for_acme(asked, site.acme.key, [](auto& user) {
            user.standard.subject = key_pair::create(nkey_kind::user).public_text();
          });
        })
        == violation);
  // Who cannot prove to be who his JWT says is not worth a question.
  auto other = key_pair::create(nkey_kind::user);
  if (!is_reference()) // which asks in $G, where nobody answers, until its time is up
    CHECK(login(*site.server, site.auth.user_jwt(), other) == violation);
  auto last = site.somebody();
  CHECK(service.next().said.client.user == site.auth.user.public_text());
}

TEST_CASE("who was let in by an auth callout leaves when his account says so") {
  callout_folder site;
  auto service = site.serve();
  auto revoked = site.somebody();
  auto asked = service.next();
  service.answer(asked, site.for_acme(asked, site.acme.key));
  CHECK(site.account_of(revoked) == site.acme.id());
  auto orphan = site.somebody();
  asked = service.next();
  service.answer(asked, site.for_acme(asked, site.acme.signing,
                                      [&](auto& one) { one.issuer_account = site.acme.id(); }));
  CHECK(site.account_of(orphan) == site.acme.id());
  site.acme.claims.signing_keys.clear();
  site.push(site.acme);
  CHECK(orphan.line() == "(closed)");
  CHECK(revoked.until_pong() == "");
  site.acme.claims.revocations["*"] = seconds_now();
  site.push(site.acme);
  CHECK(revoked.line() == "-ERR 'User Authentication Revoked'");
  auto late = site.somebody(); // with a JWT from before the revocation
  asked = service.next();
  service.answer(asked, site.for_acme(asked, site.acme.key));
  if (is_reference()) // which looks at revocations of those who are in already
    CHECK(late.until_pong() == "");
  else
    CHECK(late.until_pong() == violation);
}

TEST_CASE("the auth callout of an account has its requests sealed, and may seal its answers") {
  auto key = curve_key_pair::create(), wrong = curve_key_pair::create();
  callout_folder site{key.public_text()};
  auto service = site.serve(key);
  for (bool sealed : {true, false}) {
    auto client = site.somebody();
    auto asked = service.next();
    auto answer = site.for_acme(asked, site.acme.key);
    if (!is_reference())
      service.answer(asked, *wrong.seal(site.for_acme(asked, site.auth.key), asked.xkey));
    service.answer(asked, sealed ? *key.seal(answer, asked.xkey) : answer);
    CHECK(site.account_of(client) == site.acme.id());
  }
}

TEST_CASE("a default sentinel brings who has no JWT before its auth callout") {
  callout_folder parts; // for its keys; the server below serves them with a sentinel
  parts.server = std::make_unique<server_process>(
      std::getenv("TROUPE_E2E_SERVER"),
      "operator: " + parts.operator_jwt() + "\nresolver { type: full, dir: \""
          + parts.folder.path().string() + "\" }\ndefault_sentinel: " + parts.sentinel() + "\n");
  auto service = parts.serve();
  site_client plain{*parts.server, R"("user":"joe","pass":"word")"};
  auto asked = service.next();
  CHECK(asked.said.connect.user == "joe");
  CHECK(asked.said.client.user == "joe");
  service.answer(asked, parts.for_acme(asked, parts.acme.key));
  CHECK(parts.account_of(plain) == parts.acme.id());
}

TEST_CASE("a leaf node with a sentinel's creds lands in the account that the auth callout names") {
  if (is_reference()) // which asks no auth callout about leaf nodes
    return;
  callout_folder site;
  auto service = site.serve();
  auto creds = format_creds(site.sentinel(), site.auth.user.seed());
  REQUIRE(creds);
  scratch_folder secrets;
  auto file = (secrets.path() / "leaf.creds").string();
  std::ofstream{file} << *creds;
  server_process leaf{std::getenv("TROUPE_E2E_SERVER"),
                      "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: "
                      "\"nats-leaf://127.0.0.1:"
                          + std::to_string(site.leaf_port()) + "\", credentials: \"" + file
                          + "\" } ] }\n"};
  auto refused = service.next();
  CHECK(refused.said.client.kind == "Leafnode");
  CHECK(refused.said.client.user == site.auth.user.public_text());
  service.answer(refused, site.for_acme(refused, site.beta.key)); // which nobody may be let into
  service.answer(refused, response_error(refused, "not now", site.auth.key));
  auto asked = service.next(); // it comes again
  service.answer(asked, site.for_acme(asked, site.acme.key, [](auto& user) {
    user.limits.permissions.publish.allow = {"up.>"};
  }));
  site_client boss{*site.server, site.acme.user_jwt(), site.acme.user};
  site_client stranger{*site.server, site.beta.user_jwt(), site.beta.user};
  boss.send("SUB up.> 1\r\nSUB other.> 2");
  stranger.send("SUB > 1");
  stranger.until_pong();
  boss.until_pong();
  site_client node{leaf, "\"name\":\"node\""};
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  std::string heard;
  while (heard.find("MSG up.x") == std::string::npos
         && std::chrono::steady_clock::now() < deadline) {
    node.send("PUB other.x 1\r\nx\r\nPUB up.x 1\r\nx");
    node.until_pong();
    heard += boss.until_pong();
  }
  CHECK(heard.find("MSG up.x") != std::string::npos);
  CHECK(heard.find("MSG other.x") == std::string::npos);
  CHECK(stranger.until_pong() == "");
}
