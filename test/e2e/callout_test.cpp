// test/e2e/callout_test.cpp: logins that an auth callout decides, by the users of a file; and every
// way of getting in without its word.
#include "callout_service.hpp"
#include "certificates.hpp"

#include "security/text_encoding.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;
using namespace std::chrono_literals;

const std::string violation = "-ERR 'Authorization Violation'\n(closed)";
/// What only the right answer allows, and what only a wrong one does.
const std::string may_right = "PUB right 0\r\n\r\n", may_wrong = "PUB wrong 0\r\n\r\n";
const std::string wrong_denied = "-ERR 'Permissions Violation for Publish to \"wrong\"'";

/// Where the same story ends otherwise on the real server; see ARCHITECTURE.md for the reasons.
bool is_reference() {
  return std::getenv("TROUPE_E2E_REFERENCE") != nullptr;
}

std::string content_of(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void allow_right(user_claims& user) {
  user.limits.permissions.publish.allow = {"right"};
}

/// A broker with the service's user in AUTH, a user of its own in APP, and an account OTHER.
struct callout_site {
  explicit callout_site(std::string more = {}, std::string timeout = "2", std::string top = {})
      : server{binary(), config(more, timeout) + top} {}

  static std::filesystem::path binary() {
    const auto* path = std::getenv("TROUPE_E2E_SERVER");
    REQUIRE_MESSAGE(path != nullptr, "TROUPE_E2E_SERVER must name the binary");
    return path;
  }
  std::string config(const std::string& more, const std::string& timeout) const {
    return "server_name: callers\nserver_tags: [north]\n"
           "accounts { AUTH { users [{user: svc, password: pwd}] }\n"
           "  APP { users [{user: local, password: lp}] }\n"
           "  OTHER { users [{user: other, password: op}] }\n"
           "  SYS { users [{user: sys, password: sp}] } }\nsystem_account: SYS\n"
           "authorization { timeout: "
           + timeout + "\n auth_callout { issuer: " + issuer.public_text()
           + ", account: AUTH, auth_users: [svc]\n" + more + "} }\n";
  }
  callout_service serve(std::optional<curve_key_pair> with = {}) {
    return {std::make_unique<site_client>(server, R"("user":"svc","pass":"pwd")", over),
            std::move(with)};
  }
  site_client alice() { return {server, R"("user":"alice","pass":"secret","name":"hers")", over}; }

  /// For APP, with just `right` to publish to.
  std::string good(const callout_request& asked, const user_edit& edit = {}) const {
    return response_with(asked,
                         user_for(asked, issuer,
                                  [&](auto& user) {
                                    user.standard.audience = "APP";
                                    allow_right(user);
                                    if (edit)
                                      edit(user);
                                  }),
                         issuer);
  }
  /// What an attacker would like.
  user_edit greedy() const {
    return [](auto& user) {
      user.standard.audience = "APP";
      user.limits.permissions.publish.allow = {"wrong"};
    };
  }
  /// It is in, by the right answer.
  void check_right(site_client& who) {
    who.send(may_right + "PING");
    CHECK(who.line() == "PONG");
    who.send(may_wrong + "PING");
    CHECK(who.line() == wrong_denied);
    CHECK(who.line() == "PONG");
  }
  /// A forged answer comes first, then the right one, which alone counts. The reference gives up at
  /// the first one.
  void forged(const char* what, const std::function<std::string(const callout_request&)>& forge,
              std::optional<curve_key_pair> with = {}) {
    INFO(what);
    auto service = serve(with);
    auto client = alice();
    auto asked = service.next();
    service.answer(asked, forge(asked));
    service.answer(asked, good(asked));
    if (is_reference())
      CHECK(client.until_pong() == violation);
    else
      check_right(client);
  }
  /// The service's own word, which lets nobody in.
  void refused(const char* what, const std::function<std::string(const callout_request&)>& say) {
    INFO(what);
    auto service = serve();
    auto client = alice();
    auto asked = service.next();
    service.answer(asked, say(asked));
    CHECK(client.until_pong() == violation);
  }

  key_pair issuer = key_pair::create(nkey_kind::account);
  key_pair stranger = key_pair::create(nkey_kind::account);
  std::optional<tls_options> over; ///< for whoever comes from here on
  server_process server;
};

} // namespace

TEST_CASE("a user whom nobody knows gets in as the auth callout says, and it is told who asks") {
  callout_site site;
  auto service = site.serve();
  auto client = site.alice();
  auto asked = service.next();
  const auto& said = asked.said;
  CHECK(said.standard.audience == "nats-authorization-request");
  CHECK(said.standard.subject == site.issuer.public_text());
  CHECK(said.standard.expires >= seconds_now());
  CHECK(said.standard.expires <= seconds_now() + 3);
  CHECK(said.server.name == "callers");
  CHECK_FALSE(said.server.version.empty());
  CHECK(said.server.tags == std::vector<std::string>{"north"});
  CHECK(said.client.host == "127.0.0.1");
  CHECK(said.client.id > 0);
  CHECK(said.client.user == "alice");
  CHECK(said.client.name == "hers");
  CHECK(said.client.kind == "Client");
  CHECK(said.client.type == "nats");
  CHECK(said.connect.user == "alice");
  CHECK(said.connect.password == "secret");
  CHECK(said.connect.name == "hers");
  CHECK_FALSE(said.tls);
  service.answer(asked, site.good(asked, [](auto& user) {
    user.standard.name = "Alice A.";
    user.limits.permissions.publish.allow.emplace_back("$SYS.REQ.USER.INFO");
  }));
  site.check_right(client);
  auto info = client.request("$SYS.REQ.USER.INFO", "");
  CHECK(info.find(R"("user":"Alice A.","account":"APP")") != std::string::npos);
  site_client neighbour{site.server, R"("user":"other","pass":"op")"};
  auto same = service.next(); // every account's users are judged, unless allowed_accounts says less
  CHECK(same.said.client.user == "other");
  service.answer(same, site.good(same));
  CHECK(neighbour.until_pong() == "");
}

TEST_CASE(
    "the auth callout's no keeps out, with a reason, without one, or by what makes no sense") {
  callout_site site;
  const auto& by = site.issuer;
  site.refused("error", [&](auto& asked) { return response_error(asked, "not her", by); });
  site.refused("nothing", [](auto&) { return std::string{}; });
  site.refused("no account",
               [&](auto& asked) { return response_with(asked, user_for(asked, by), by); });
  site.refused("unknown account", [&](auto& asked) {
    return site.good(asked, [](auto& user) { user.standard.audience = "NOWHERE"; });
  });
  site.refused("issuer_account", [&](auto& asked) {
    return site.good(asked, [&](auto& user) { user.issuer_account = by.public_text(); });
  });
  site.refused("expired user", [&](auto& asked) {
    return site.good(asked, [](auto& user) { user.standard.expires = seconds_now() - 1; });
  });
  site.refused("early user", [&](auto& asked) {
    return site.good(asked, [](auto& user) { user.standard.not_before = seconds_now() + 60; });
  });
  site.refused("another user", [&](auto& asked) {
    return site.good(asked, [](auto& user) {
      user.standard.subject = key_pair::create(nkey_kind::user).public_text();
    });
  });
  site.refused("user signed by a stranger", [&](auto& asked) {
    return response_with(asked, user_for(asked, site.stranger, site.greedy()), by);
  });
  site.refused("expired answer", [&](auto& asked) {
    return response_with(asked, user_for(asked, by, site.greedy()), by,
                         [](auto& said) { said.standard.expires = seconds_now() - 1; });
  });
  site.refused("both", [&](auto& asked) {
    return response_with(asked, user_for(asked, by, site.greedy()), by,
                         [](auto& said) { said.error = "and yet"; });
  });
  if (is_reference())
    return;
  auto log = site.server.log();
  CHECK(log.find("the auth callout says no: not her") != std::string::npos);
  CHECK(log.find("NOWHERE") != std::string::npos);
  CHECK(log.find("secret") == std::string::npos);
}

TEST_CASE("an answer that the auth callout did not give to this login does nothing") {
  callout_site site;
  const auto& by = site.issuer;
  site.forged("signed by a stranger", [&](auto& asked) {
    return response_with(asked, user_for(asked, site.stranger, site.greedy()), site.stranger);
  });
  site.forged("garbage", [](auto&) { return std::string{"\x00\xff{}...", 7}; });
  site.forged("a user JWT", [&](auto& asked) { return user_for(asked, by, site.greedy()); });
  site.forged("for another server", [&](auto& asked) {
    return response_with(asked, user_for(asked, by, site.greedy()), by, [](auto& said) {
      said.standard.audience = key_pair::create(nkey_kind::server).public_text();
    });
  });
  site.forged("for another login", [&](auto& asked) {
    return response_with(asked, user_for(asked, by, site.greedy()), by, [](auto& said) {
      said.standard.subject = key_pair::create(nkey_kind::user).public_text();
    });
  });
  site.forged("unsigned", [&](auto& asked) {
    auto whole = response_with(asked, user_for(asked, by, site.greedy()), by);
    return whole.substr(0, whole.rfind('.') + 1);
  });
  site.forged("alg none", [&](auto& asked) {
    auto whole = response_with(asked, user_for(asked, by, site.greedy()), by);
    return to_base64url(R"({"typ":"JWT","alg":"none"})") + whole.substr(whole.find('.'));
  });
  auto service = site.serve();
  auto first = site.alice();
  auto asked = service.next();
  auto old = response_with(asked, user_for(asked, by, site.greedy()), by);
  service.answer(asked, old);
  CHECK(first.until_pong() == "");
  site.forged("a replay", [&](auto&) { return old; });
  if (is_reference())
    return;
  site.forged("a stranger's answer with the issuer's user", [&](auto& again) {
    return response_with(again, user_for(again, by, site.greedy()), site.stranger);
  });
  auto log = site.server.log();
  CHECK(log.find("is ignored: it is signed by " + site.stranger.public_text())
        != std::string::npos);
  CHECK(log.find("is ignored: it is about the user " + asked.user()) != std::string::npos);
}

TEST_CASE("without an answer in time nobody gets in, and nobody else has to wait") {
  callout_site site{"", "1"};
  auto nobody = site.alice(); // no service at all
  CHECK(nobody.until_pong() == violation);
  auto service = site.serve();
  auto slow = site.alice();
  auto asked = service.next();
  site_client busy{site.server, R"("user":"svc","pass":"pwd")"};
  CHECK(busy.until_pong() == "");
  CHECK(slow.until_pong() == violation);
  service.answer(asked, site.good(asked)); // too late
  service.settle();
  auto again = site.alice(); // and of no use to anybody else
  auto next = service.next();
  CHECK(next.user() != asked.user());
  service.answer(next, site.good(asked));
  CHECK(again.until_pong() == violation);
  if (!is_reference())
    CHECK(site.server.log().find("the auth callout has not answered in time") != std::string::npos);
}

TEST_CASE("what is sealed for the auth callout only it can read, and only its seal counts") {
  auto key = curve_key_pair::create(), wrong = curve_key_pair::create();
  callout_site site{"xkey: " + key.public_text()};
  for (bool sealed : {true, false}) { // a service need not seal its answers
    auto service = site.serve(key);
    auto client = site.alice();
    auto asked = service.next();
    CHECK(asked.said.connect.password == "secret");
    service.answer(asked, sealed ? *key.seal(site.good(asked), asked.xkey) : site.good(asked));
    site.check_right(client);
  }
  site.forged(
      "sealed by a stranger",
      [&](auto& asked) { return *wrong.seal(site.good(asked, site.greedy()), asked.xkey); }, key);
  site.forged(
      "sealed for another server",
      [&](auto& asked) { return *key.seal(site.good(asked, site.greedy()), wrong.public_text()); },
      key);
}

TEST_CASE("users of the auth callout itself are judged as usual, and it asks for nobody else's") {
  callout_site site{"allowed_accounts: [OTHER]"};
  auto service = site.serve();
  CHECK(site_client{site.server, R"("user":"svc","pass":"bad")"}.until_pong() == violation);
  CHECK(site_client{site.server, R"("user":"local","pass":"lp")"}.until_pong() == "");
  site_client other{site.server, R"("user":"other","pass":"op")"};
  CHECK(service.next().said.client.user == "other");
  // A request of its own making would be signed by nobody; it may not even be tried.
  if (!is_reference()) { // which forgets that if allowed_accounts does not name its account
    service.client().send("PUB $SYS.REQ.USER.AUTH 0\r\n");
    CHECK(service.client().until_pong()
          == "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'");
  }
  auto insider = site.alice();
  auto asked = service.next();
  service.answer(asked, response_with(asked,
                                      user_for(asked, site.issuer,
                                               [](auto& user) { user.standard.audience = "AUTH"; }),
                                      site.issuer));
  insider.send("PUB $SYS.REQ.USER.AUTH 0\r\n");
  CHECK(insider.until_pong()
        == "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'");
}

TEST_CASE(
    "who says nothing of himself is judged as the no_auth_user, and waits with what he sent") {
  callout_site site{"", "2", "no_auth_user: local\n"};
  auto service = site.serve();
  peer_socket shy{site.server.port(), 20s};
  shy.send("PING\r\nPUB wrong 0\r\n\r\nPING\r\n");
  auto asked = service.next();
  CHECK(asked.said.client.user == "local");
  service.answer(asked, site.good(asked));
  auto twice = [&] { return shy.unread().find("PONG", shy.unread().find("PONG") + 1); };
  while (twice() == std::string_view::npos)
    REQUIRE(shy.read_more());
  CHECK(shy.unread().find(wrong_denied) != std::string_view::npos);
  peer_socket stranger{site.server.port(), 20s};
  stranger.send("PING\r\n");
  service.answer(service.next(), "");
  while (stranger.read_more())
    ;
  CHECK(stranger.unread().find("PONG") == std::string_view::npos);
  CHECK(stranger.unread().find("Authorization Violation") != std::string_view::npos);
}

TEST_CASE("limits and expiry of the auth callout's JWT hold, a reload changes nothing about them") {
  callout_site site;
  auto service = site.serve();
  auto client = site.alice();
  auto asked = service.next();
  service.answer(asked, site.good(asked, [](auto& user) {
    user.limits.subscriptions = 1;
    user.limits.payload = 3;
  }));
  CHECK(client.until_pong() == "");
  auto reload_with = [&](const std::string& user) {
    if (!is_reference()) { // which closes them when the users of the file change
      auto text = site.config("", "2");
      text.insert(text.find("{user: other"), "{user: " + user + ", password: tp}, ");
      site.server.write_config(text);
    }
    site.server.reload(20s);
  };
  reload_with("third");
  if (!is_reference()) { // which takes no notice of these limits
    client.send("SUB a 1\r\nSUB b 2");
    CHECK(client.until_pong() == "-ERR 'maximum subscriptions exceeded'");
    site.check_right(client);
    auto other = site.alice();
    auto next = service.next();
    service.answer(next, site.good(next, [](auto& user) { user.limits.payload = 3; }));
    other.send("PUB right 4\r\nmore");
    CHECK(other.until_pong() == "-ERR 'Maximum Payload Violation'\n(closed)");
  }
  auto brief = site.alice(); // alone with the time that he has
  auto last = service.next();
  service.answer(last,
                 site.good(last, [](auto& user) { user.standard.expires = seconds_now() + 5; }));
  CHECK(brief.until_pong() == "");
  reload_with("fourth");
  CHECK(brief.line() == "-ERR 'User Authentication Expired'");
  CHECK(brief.line() == "(closed)");
}

TEST_CASE("a file that changes the auth callout is refused by a reload") {
  callout_site site;
  site.server.write_config(site.config("allowed_accounts: [APP]", "2"));
  site.server.reload(20s);
  CHECK(site.server.log().find("config reload not supported for AuthCallout") != std::string::npos);
  auto service = site.serve();
  site_client other{site.server, R"("user":"other","pass":"op")"};
  CHECK(service.next().said.client.user == "other");
}

TEST_CASE(
    "the auth callout is told of a client's TLS, and of its certificate if one was asked for") {
  scratch_folder certs;
  write_certificates(certs.path());
  auto file = [&](const char* name) { return (certs.path() / name).string(); };
  for (bool verify : {false, true}) {
    CAPTURE(verify);
    callout_site site{"", "2",
                      "tls { cert_file: \"" + file("server.pem") + "\", key_file: \""
                          + file("server-key.pem") + "\", ca_file: \"" + file("ca.pem")
                          + "\", verify: " + (verify ? "true" : "false") + " }\n"};
    site.over = {file("ca.pem"), file("client.pem"), file("client-key.pem")};
    auto service = site.serve();
    for (bool old : {false, true}) {
      site.over->at_most_1_2 = old;
      auto client = site.alice();
      auto asked = service.next();
      REQUIRE(asked.said.tls);
      const auto& tls = *asked.said.tls;
      CHECK(tls.version == (old ? "1.2" : "1.3"));
      CHECK(tls.cipher.starts_with("TLS_"));
      CHECK(tls.certificates.empty());
      REQUIRE(tls.verified_chains.size() == (verify ? 1 : 0));
      if (verify) {
        REQUIRE(tls.verified_chains[0].size() == 2); // the client's own first, then who signed it
        CHECK(tls.verified_chains[0][0] == content_of(file("client.pem")));
        CHECK(tls.verified_chains[0][1] == content_of(file("ca.pem")));
      }
      service.answer(asked, site.good(asked));
      site.check_right(client);
    }
  }
}

TEST_CASE("another CONNECT of one connection is judged by the auth callout as the first one is") {
  callout_site site;
  auto service = site.serve();
  auto client = site.alice();
  auto first = service.next();
  service.answer(first, site.good(first));
  site.check_right(client);
  client.connect(R"("user":"bob","pass":"his")");
  client.send("PUB right 0\r\n\r\nPUB wrong 0\r\n\r\nPING"); // waits for the verdict
  auto second = service.next();
  CHECK(second.said.client.user == "bob");
  CHECK(second.said.connect.password == "his");
  CHECK(second.said.client.id == first.said.client.id);
  CHECK(second.user() != first.user());
  service.answer(second,
                 response_with(second, user_for(second, site.issuer, site.greedy()), site.issuer));
  CHECK(client.line() == "-ERR 'Permissions Violation for Publish to \"right\"'");
  CHECK(client.line() == "PONG");
  client.connect(R"("user":"svc","pass":"pwd")"); // one of its own users needs no question
  CHECK(client.until_pong() == "");
  client.connect(R"("user":"alice","pass":"secret")");
  auto third = service.next();
  CHECK(third.said.client.user == "alice");
  service.answer(third, response_error(third, "no more", site.issuer));
  CHECK(client.until_pong() == violation);
}

TEST_CASE("whom the auth callout refuses is announced, with its reason in its own account alone") {
  callout_site site{"allowed_accounts: [APP]"};
  auto service = site.serve();
  service.client().send("SUB $SYS.ACCOUNT.CLIENT.AUTH.ERR own");
  service.settle();
  site_client operators{site.server, R"("user":"sys","pass":"sp")"};
  site_client tenant{site.server, R"("user":"other","pass":"op")"};
  operators.send("SUB $SYS.SERVER.*.CLIENT.AUTH.ERR 1");
  tenant.send("SUB $SYS.> 1");
  CHECK(operators.until_pong() == "");
  CHECK(tenant.until_pong() == "");
  auto client = site.alice();
  auto asked = service.next();
  service.answer(asked, response_error(asked, "not her", site.issuer));
  CHECK(client.until_pong() == violation);
  auto event = operators.message().payload;
  CAPTURE(event);
  CHECK(event.find(R"("type":"io.nats.server.advisory.v1.client_disconnect")")
        != std::string::npos);
  CHECK(event.find(R"("user":"alice","name":"hers")") != std::string::npos);
  CHECK(event.find(R"("reason":"Authentication Failure"})") != std::string::npos);
  CHECK(event.find("not her") == std::string::npos);
  CHECK(event.find("secret") == std::string::npos);
  auto told = service.client().message();
  CAPTURE(told.payload);
  CHECK(told.subject == "$SYS.ACCOUNT.CLIENT.AUTH.ERR");
  CHECK(told.payload.find(R"("acc":"AUTH","user":"alice")") != std::string::npos);
  CHECK(told.payload.find("not her") != std::string::npos);
  CHECK(tenant.until_pong() == "");
}
