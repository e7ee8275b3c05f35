// test/e2e/hostile_websockets_test.cpp: nonsense and lies of those who come as leaf nodes over a
// websocket.
#include "certificates.hpp"
#include "cluster_member.hpp"
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "steady_traffic.hpp"
#include "websocket_peer.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

const auto login = "\"user\":\"leaf\",\"pass\":\"pw\""s;

std::string let_in() {
  static int number = 0;
  auto name = "\"W" + std::to_string(++number) + "\"";
  return "CONNECT {" + login + ",\"name\":" + name + ",\"cluster\":" + name + "}\r\n";
}

std::vector<stranger> strangers() {
  constexpr auto unknown = "Unknown Protocol Operation";
  constexpr auto no_entry = "Authorization Violation";
  constexpr auto cut_off = "maximum control line exceeded";
  return {
      {"he sends bytes without meaning", "\x01\x02garbage\r\n", unknown, {unknown}},
      {"he says nothing", "", "Authentication Timeout", {"Authentication Timeout"}},
      {"he stops in the middle of CONNECT",
       "CONNECT {\"user\":\"me",
       "Authentication Timeout",
       {"Authentication Timeout"}},
      {"his CONNECT is no JSON",
       "CONNECT [\r\n",
       "",
       {"Error parsing CONNECT: it is no JSON object"}},
      {"his CONNECT does not end",
       "CONNECT {\"user\":\"" + std::string(100'000, 'x'),
       cut_off,
       {cut_off}},
      {"he has the wrong password",
       "CONNECT {\"user\":\"leaf\",\"pass\":\"shut\"}\r\n",
       no_entry,
       {"authentication error"}},
      {"he sends before he says who he is", "LMSG secret 1\r\nx\r\n", no_entry, {no_entry}},
      {"he is a client",
       "CONNECT {\"lang\":\"go\"," + login + "}\r\n",
       "attempted to connect to leaf node port",
       {"Attempted to connect to leaf node port"}},
      {"he is a gateway",
       "CONNECT {\"gateway\":\"G2\"}\r\n",
       "from gateway \"G2\" on the leafnode port",
       {"from gateway \"G2\" on the leafnode port"}},
      {"he is of this cluster",
       "CONNECT {" + login + ",\"cluster\":\"G1\"}\r\n",
       "remote leafnode has same cluster name",
       {"remote leafnode has same cluster name"}},
      {"the name of his cluster ends the line",
       "CONNECT {" + login + ",\"cluster\":\"x\\r\\n-ERR\"}\r\n",
       "cluster name cannot contain spaces",
       {"cluster name cannot contain spaces"}},
      {"he speaks as a route does", let_in() + "RS+ A foo\r\n", unknown, {unknown}},
      {"his message is longer than it says",
       let_in() + "LMSG foo 1\r\nlong\r\n",
       unknown,
       {unknown}},
      {"his message is larger than any may be",
       let_in() + "LMSG foo 99999999\r\n",
       "Maximum Payload Violation",
       {"Maximum Payload Violation"}},
      {"his interest does not end",
       let_in() + "LS+ " + std::string(300'000, 'x'),
       cut_off,
       {cut_off}},
      {"he publishes what he may not",
       let_in() + "LMSG secret 1\r\nx\r\n",
       "Permissions Violation for Publish to \"secret\"",
       {"Permissions Violation for Publish to \"secret\""}},
      {"he wants what he may not",
       let_in() + "LS+ secret\r\n",
       "Permissions Violation for Subscription to \"secret\"",
       {"Permissions Violation for Subscription to \"secret\""}},
      {"he says CONNECT again, as somebody else",
       let_in() + "CONNECT {\"user\":\"nobody\",\"pass\":\"x\",\"lang\":\"go\"}\r\n",
       "PONG",
       {}},
  };
}

/// A hub of websockets with a route to a real server and a leaf node over each kind of port.
struct site {
  uint16_t routes = free_port(), leafs = free_port(), sockets = free_port();
  std::unique_ptr<server_process> hub, member, leaf, plain_leaf;

  explicit site(const std::string& websocket) {
    auto general = "http: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { A { users: [ { user: a, "
                   "password: pw }, { user: leaf, password: pw, permissions: { publish: { deny: "
                   "secret }, subscribe: { deny: secret } } } ] }, S {} }\n"s;
    hub = std::make_unique<server_process>(
        binary_of(ours), general + "server_name: hub\ncluster { name: G1, listen: \"" + at(routes)
                             + "\" }\nleafnodes { listen: \"" + at(leafs)
                             + "\", authorization { timeout: 2 } }\nwebsocket { listen: \""
                             + at(sockets) + "\", " + websocket + " }\n");
    member = std::make_unique<server_process>(
        binary_of(theirs), general
                               + "server_name: member\ncluster { name: G1, listen: "
                                 "\"127.0.0.1:-1\", routes: [ \"nats-route://"
                               + at(routes) + "\" ] }\n");
    leaf = leaf_at("leaf", "ws://leaf:pw@" + at(sockets), general);
    plain_leaf = leaf_at("plain", "nats-leaf://leaf:pw@" + at(leafs), general);
  }

private:
  static std::unique_ptr<server_process> leaf_at(const std::string& name, const std::string& url,
                                                 const std::string& general) {
    return std::make_unique<server_process>(
        binary_of(ours), general + "server_name: " + name + "\nleafnodes { remotes: [ { url: \""
                             + url + "\", account: A } ] }\n");
  }
};

} // namespace

TEST_CASE(
    "whoever talks nonsense as a leaf node over a websocket is refused with the reason, and the "
    "others do not notice") {
  if (!has_peer())
    return;
  site all{"no_tls: true"};
  steady_traffic steady{{all.hub.get(), all.member.get(), all.leaf.get(), all.plain_leaf.get()},
                        "a"};
  REQUIRE(has_routes(*all.hub, routes_between(ours, theirs)));
  auto before = links_of(*all.hub);
  auto come = strangers();
  std::vector<std::unique_ptr<websocket_peer>> sockets;
  for (const auto& each : come) {
    auto& one = *sockets.emplace_back(std::make_unique<websocket_peer>(all.sockets));
    REQUIRE(one.upgrade("/leafnode") == "HTTP/1.1 101 Switching Protocols");
    if (!each.says.empty())
      one.send(each.says);
    if (each.logged.empty())
      one.send("PING\r\n");
  }
  for (size_t i = 0; i < come.size(); ++i) {
    INFO(come[i].who);
    bool stays = come[i].logged.empty();
    std::string got;
    websocket_message one;
    while (one.opcode != 8 && !(stays && got.find("PONG\r\n") != got.npos)) {
      one = sockets[i]->next();
      if (one.opcode == -1)
        break;
      if (one.opcode != 8)
        got += one.payload;
    }
    CHECK((one.opcode == 8 || one.opcode == -1) == !stays);
    CAPTURE(got);
    CHECK(got.find(come[i].answer) != got.npos);
    for (const auto& words : come[i].logged) {
      CAPTURE(words);
      CHECK(eventually(
          [&] { return tells(all.hub->log(), at(sockets[i]->own_port()) + " - ", words); }));
    }
  }
  sockets.clear();
  CHECK(eventually([&] { return links_of(*all.hub) == before; }));
  CHECK(steady.stop() == "");
}

TEST_CASE("a leaf node over a websocket shows a certificate if it has to, or it is refused") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto file = [&](const std::string& name) {
    return "\"" + (certificates.path() / name).string() + "\"";
  };
  auto port = free_port();
  server_process hub{
      binary_of(ours),
      "server_name: hub\nhttp: \"127.0.0.1:-1\"\nleafnodes { listen: \"127.0.0.1:-1\" }\n"
      "websocket { listen: \""
          + at(port) + "\", tls { cert_file: " + file("server.pem") + ", key_file: "
          + file("server-key.pem") + ", ca_file: " + file("ca.pem") + ", verify: true } }\n"};
  auto leaf_with = [&](const std::string& name) {
    return std::make_unique<server_process>(
        binary_of(ours), "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: \"wss://"
                             + at(port) + "\", tls { ca_file: " + file("ca.pem")
                             + (name.empty() ? ""
                                             : ", cert_file: " + file(name + ".pem")
                                                   + ", key_file: " + file(name + "-key.pem"))
                             + " } } ] }\n");
  };
  const auto created = "Leafnode connection created"s;
  using text = const char*;
  for (auto [name, reason] : {std::pair<text, text>{"", "peer did not return a certificate"},
                              {"other", "the peer's certificate: self-signed certificate"},
                              {"expired", "the peer's certificate: certificate has expired"}}) {
    CAPTURE(name);
    auto before = hub.log().size();
    auto stranger = leaf_with(name);
    CHECK(eventually([&] {
      return hub.log().find("TLS handshake error: "s + reason, before) != std::string::npos;
    }));
    CHECK(http(hub, "/leafz").find("\"leafnodes\": 0,") != std::string::npos);
  }
  CHECK(hub.log().find(created) == std::string::npos);
  auto leaf = leaf_with("server");
  exchange(hub, *leaf);
  CHECK(hub.log().find(created) != std::string::npos);
}
