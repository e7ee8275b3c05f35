// test/e2e/link_reconnects_test.cpp: servers that come, take part for a moment and go.
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

struct hub {
  uint16_t routes = free_port(), gateways = free_port(), leafs = free_port();
  server_process server{
      binary_of(ours),
      "server_name: hub\nhttp: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { A { users: [ { "
      "user: a, password: pw } ] }, S {} }\ncluster { name: G1, listen: \""
          + at(routes) + "\" }\ngateway { name: G1, listen: \"" + at(gateways)
          + "\" }\nleafnodes { listen: \"" + at(leafs) + "\" }\n"};

  /// A member, another cluster and a leaf node of that number; each wants, sends and goes.
  void visit(int number) const {
    auto id = std::to_string(number);
    come(routes, "CONNECT {\"cluster\":\"G1\"}\r\nINFO {\"server_id\":\"R" + id
                     + "\",\"server_name\":\"r" + id
                     + "\",\"cluster\":\"G1\",\"headers\":true,\"lnoc\":true}\r\nRS+ A foo." + id
                     + "\r\nRMSG A bar." + id + " 1\r\nx\r\nRS+ LATER" + id + " foo\r\n");
    come(gateways, "CONNECT {\"gateway\":\"G" + id + "X\"}\r\nINFO {\"server_id\":\"G" + id
                       + "\",\"gateway\":\"G" + id + "X\"}\r\nRMSG A bar." + id + " 1\r\nx\r\n");
    come(leafs, "CONNECT {\"user\":\"a\",\"pass\":\"pw\",\"name\":\"L" + id + "\",\"cluster\":\"L"
                    + id + "\"}\r\nLS+ foo." + id + " g 3\r\nLMSG bar." + id + " 1\r\nx\r\n");
  }

private:
  static void come(uint16_t port, const std::string& says) {
    peer_socket peer{port, patience};
    peer.send(says + "PING\r\n");
    while (peer.unread().find("PONG\r\n") == std::string_view::npos && peer.read_more()) {
    }
    REQUIRE(peer.unread().find("PONG\r\n") != std::string_view::npos);
  }
};

} // namespace

TEST_CASE("a thousand servers of each kind that come and go leave no memory behind") {
  if (server_under_test().empty())
    return;
  constexpr int64_t mebibyte = 1024 * 1024;
  hub of_all;
  int number = 0;
  while (number < (memory_counts ? 500 : 50)) // what is remembered on purpose is full by then
    of_all.visit(++number);
  auto before = memory_of(of_all.server);
  while (number < (memory_counts ? 1500 : 100))
    of_all.visit(++number);
  auto has = [&](const char* page, const char* what) {
    return eventually([&] { return http(of_all.server, page).find(what) != std::string::npos; });
  };
  CHECK(has("/routez", "\"num_routes\": 0,"));
  CHECK(has("/leafz", "\"leafnodes\": 0,"));
  if (memory_counts)
    CHECK(eventually([&] { return memory_of(of_all.server) - before < 3 * mebibyte; }));
}
