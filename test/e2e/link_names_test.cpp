// test/e2e/link_names_test.cpp: members whose clusters have no name, and the one that they agree
// on.
#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::unique_ptr<server_process> start(kind what, uint16_t port, const std::vector<uint16_t>& dials,
                                      const std::string& name) {
  std::string routes;
  for (auto each : dials)
    routes += "\"nats-route://" + at(each) + "\"\n";
  return std::make_unique<server_process>(
      binary_of(what), "server_name: n" + std::to_string(port)
                           + "\nhttp: \"127.0.0.1:-1\"\ncluster { "
                           + (name.empty() ? ""s : "name: " + name + ", ") + "listen: \"" + at(port)
                           + "\", routes: [ " + routes + "] }\n");
}

/// As its INFO to clients has it.
std::string name_at(const server_process& server) {
  auto text = http(server, "/varz");
  auto from = text.find("\"cluster\": {");
  constexpr std::string_view key = "\"name\": \"";
  from = text.find(key, from) + key.size();
  return text.substr(from, text.find('"', from) - from);
}

} // namespace

TEST_CASE("a peer that goes again behind CONNECT has named the cluster, if it knew the password") {
  if (server_under_test().empty())
    return;
  auto port = free_port();
  server_process member{binary_of(ours),
                        "server_name: n\nhttp: \"127.0.0.1:-1\"\ncluster { listen: \"" + at(port)
                            + "\", authorization { user: mesh, password: open } }\n"};
  auto come = [&](const std::string& name, const std::string& password) {
    peer_socket peer{port, patience};
    peer.send("CONNECT {\"cluster\":\"" + name + "\",\"user\":\"mesh\",\"pass\":\"" + password
              + "\"}\r\nPING\r\n");
    while (peer.unread().find("PONG\r\n") == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find("PONG\r\n") != std::string_view::npos);
  };
  come("WRONG", "shut");
  come("RIGHT", "open"); // what they say is looked at in this order
  CHECK(eventually([&] { return name_at(member) == "RIGHT"; }));
  CHECK(member.log().find("WRONG") == std::string::npos);
}

TEST_CASE("members without a cluster's name agree on one: on that which was given, if one was") {
  if (!has_peer())
    return;
  using three = std::array<kind, 3>;
  for (const auto& who :
       {three{ours, ours, ours}, three{ours, theirs, ours}, three{theirs, ours, ours}})
    for (const auto& given : {""s, "GIVEN"s}) {
      CAPTURE(name_of(who[0]));
      CAPTURE(name_of(who[1]));
      CAPTURE(given);
      std::array<uint16_t, 3> ports{free_port(), free_port(), free_port()};
      auto first = start(who[0], ports[0], {}, "");
      auto second = start(who[1], ports[1], {ports[0]}, "");
      exchange(*first, *second);
      auto third = start(who[2], ports[2], {ports[0], ports[1]}, given);
      exchange(*third, *first);
      exchange(*second, *third);
      CHECK(eventually([&] {
        return name_at(*first) == name_at(*second) && name_at(*second) == name_at(*third);
      }));
      CHECK(name_at(*first).size() >= 5);
      if (!given.empty())
        CHECK(name_at(*first) == given);
    }
}
