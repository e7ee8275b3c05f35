// test/e2e/callout_leaf_test.cpp: leaf nodes that an auth callout lets in, or does not.
#include "callout_service.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace troupe::security;
using namespace std::chrono_literals;

std::filesystem::path binary() {
  const auto* path = std::getenv("TROUPE_E2E_SERVER");
  REQUIRE_MESSAGE(path != nullptr, "TROUPE_E2E_SERVER must name the binary");
  return path;
}

/// A hub with the callout's user in AUTH, and users of its own in APP and OTHER.
struct hub_site {
  static std::string config(const key_pair& issuer) {
    return "server_name: hub\n"
           "accounts { AUTH { users [{user: svc, password: pwd}] }\n"
           "  APP { users [{user: local, password: lp}] }\n"
           "  OTHER { users [{user: other, password: op}] } }\n"
           "authorization { timeout: 2\n auth_callout { issuer: "
           + issuer.public_text()
           + ", account: AUTH, auth_users: [svc], allowed_accounts: [APP, OTHER] } }\n"
             "leafnodes { listen: \"127.0.0.1:-1\" }\n";
  }
  uint16_t leaf_port() const {
    constexpr std::string_view before = "Listening for leafnode connections on 127.0.0.1:";
    auto log = server.log();
    auto at = log.find(before);
    REQUIRE(at != std::string::npos);
    return static_cast<uint16_t>(std::stoul(log.substr(at + before.size())));
  }
  callout_service serve() {
    return callout_service{std::make_unique<site_client>(server, R"("user":"svc","pass":"pwd")")};
  }

  key_pair issuer = key_pair::create(nkey_kind::account);
  server_process server{binary(), config(issuer)};
};

/// A leaf node that speaks the protocol by hand.
class leaf_peer {
public:
  leaf_peer(const hub_site& site, const std::string& members) : socket_{site.leaf_port(), 20s} {
    REQUIRE(until("INFO ").find("\"nonce\"") != std::string::npos);
    send(R"(CONNECT {"name":"L1","cluster":"L1","version":"2.15.1","headers":true,)" + members
         + "}");
  }
  void send(const std::string& line) { socket_.send(line + "\r\n"); }
  /// The next line that begins so, or "(closed)".
  std::string until(std::string_view beginning) {
    for (;;) {
      auto end = socket_.unread().find("\r\n");
      if (end == std::string_view::npos) {
        if (!socket_.read_more())
          return "(closed)";
        continue;
      }
      std::string line{socket_.unread().substr(0, end)};
      socket_.consume(end + 2);
      if (line.starts_with(beginning))
        return line;
    }
  }

private:
  peer_socket socket_;
};

const std::string as_alice = R"("user":"alice","pass":"secret")";

} // namespace

TEST_CASE("a leaf node gets in as the auth callout says, and it is told who asks") {
  hub_site site;
  auto service = site.serve();
  site_client boss{site.server, R"("user":"local","pass":"lp")"};
  auto own = service.next(); // users of APP are judged as well
  service.answer(own, response_with(own,
                                    user_for(own, site.issuer,
                                             [](auto& user) { user.standard.audience = "APP"; }),
                                    site.issuer));
  boss.send("SUB > 1");
  CHECK(boss.until_pong() == "");
  leaf_peer leaf{site, as_alice};
  auto asked = service.next();
  CHECK(asked.said.client.kind == "Leafnode");
  CHECK(asked.said.client.type == "");
  CHECK(asked.said.client.user == "alice");
  CHECK(asked.said.connect.user == "alice");
  CHECK(asked.said.connect.password == "secret");
  CHECK(asked.said.connect.name == "L1");
  service.answer(asked, response_with(asked,
                                      user_for(asked, site.issuer,
                                               [](auto& user) {
                                                 user.standard.audience = "APP";
                                                 user.limits.permissions.publish.allow = {"right"};
                                               }),
                                      site.issuer));
  auto info = leaf.until("INFO ");
  CHECK(info.find(R"("remote_account":"APP")") != std::string::npos);
  CHECK(info.find(R"("export":{"allow":["right"]})") != std::string::npos);
  leaf.until("LS+ >");
  leaf.send("LMSG right 2\r\nok");
  CHECK(boss.message().payload == "ok");
  leaf.send("LMSG wrong 2\r\nno");
  CHECK(leaf.until("-ERR") == "-ERR 'Permissions Violation for Publish to \"wrong\"'");
  CHECK(leaf.until("never") == "(closed)");
  CHECK(boss.until_pong() == "");
}

TEST_CASE("a leaf node that the auth callout refuses, or says nothing of, does not get in") {
  hub_site site;
  auto service = site.serve();
  for (bool speaks : {true, false}) {
    leaf_peer leaf{site, R"("user":"local","pass":"lp")"}; // a user of the file is judged, too
    auto asked = service.next();
    if (speaks)
      service.answer(asked, response_error(asked, "not this one", site.issuer));
    CHECK(leaf.until("-ERR") == "-ERR 'Authorization Violation'");
    CHECK(leaf.until("never") == "(closed)");
  }
}

TEST_CASE("a leaf node of the auth callout's own user is judged as usual") {
  hub_site site;
  leaf_peer leaf{site, R"("user":"svc","pass":"pwd")"};
  CHECK(leaf.until("INFO ").find(R"("remote_account":"AUTH")") != std::string::npos);
  leaf_peer wrong{site, R"("user":"svc","pass":"?")"};
  CHECK(wrong.until("-ERR") == "-ERR 'Authorization Violation'");
}
