// test/e2e/long_lines_test.cpp: what one client or leaf node makes long, and links that others
// share.
#include "cluster_member.hpp"
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"
#include "steady_traffic.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

constexpr size_t many_groups = 20;
constexpr size_t leaf_node = 3; // among the crowds

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

connection_ptr connect_as(const server_process& to, const char* user) {
  auto options = options_for(to);
  must(natsOptions_SetUserInfo(options.get(), user, "pw"), "user");
  return connect(options);
}

/// A member of ours with one of `other`'s beside it, behind a gateway and as its leaf node.
struct mesh {
  uint16_t routes = free_port(), gateways = free_port(), leafs = free_port();
  std::unique_ptr<server_process> hub, member, far, leaf;

  explicit mesh(kind other) {
    hub =
        start(ours, "hub",
              "cluster { name: G1, listen: \"" + at(routes) + "\" }\ngateway { name: G1, listen: \""
                  + at(gateways) + "\" }\nleafnodes { listen: \"" + at(leafs)
                  + "\", authorization { user: leaf, password: pw, account: TENANT_OF_MANY } }\n");
    member = start(other, "member",
                   "cluster { name: G1, listen: \"127.0.0.1:-1\", routes: [ \"nats-route://"
                       + at(routes) + "\" ] }\ngateway { name: G1, listen: \"127.0.0.1:-1\" }\n");
    far = start(other, "far",
                "gateway { name: G2, listen: \"127.0.0.1:-1\", gateways: [ { name: G1, url: "
                "\"nats://"
                    + at(gateways) + "\" } ] }\n");
    leaf = start(other, "leaf",
                 "leafnodes { remotes: [ { url: \"nats-leaf://leaf:pw@" + at(leafs)
                     + "\", account: TENANT_OF_MANY } ] }\n");
  }

private:
  static std::unique_ptr<server_process> start(kind what, const std::string& name,
                                               const std::string& links) {
    return std::make_unique<server_process>(
        binary_of(what), "server_name: " + name
                             + "\nhttp: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { "
                               "TENANT_OF_MANY { users: [ { user: t, password: pw } ] }, OTHERS { "
                               "users: [ { user: o, password: pw } ] }, S {} }\n"
                             + links);
  }
};

/// One client with as many queue groups as make a line that is too long for nats-server's links,
/// and one plain subscription.
struct crowd {
  connection_ptr client;
  subscription_ptr plain;
  std::vector<subscription_ptr> groups;

  crowd(const server_process& where, const std::string& place)
      : client{connect_as(where, "t")}, plain{subscribe(client, "wide")} {
    for (size_t i = 0; i < many_groups; ++i)
      groups.push_back(
          subscribe(client, "wide", (place + std::to_string(i) + std::string(3900, 'q')).c_str()));
  }
  size_t served() const {
    size_t out = 0;
    for (const auto& each : groups)
      out += count_waiting(each);
    return out;
  }
};

} // namespace

TEST_CASE("the names of a tenant's queue groups end no link, however long they are") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    if (other == theirs && pools_routes(theirs)) {
      MESSAGE("skipped: newer ones end the links among themselves for such lines");
      continue;
    }
    CAPTURE(name_of(other));
    mesh all{other};
    steady_traffic steady{{all.hub.get(), all.member.get(), all.far.get()}, "o"};
    std::array<crowd, 4> crowds{crowd{*all.hub, "hub"}, crowd{*all.member, "member"},
                                crowd{*all.far, "far"}, crowd{*all.leaf, "leaf"}};
    for (auto& here : crowds)
      for (auto& there : crowds)
        if (&here != &there)
          REQUIRE(settled(here.client, there.client));
    REQUIRE(has_routes(*all.hub, routes_between(ours, other)));
    auto before = links_of(*all.hub);
    for (size_t from = 0; from < crowds.size(); ++from) {
      CAPTURE(from);
      std::array<size_t, 4> served{};
      for (size_t to = 0; to < crowds.size(); ++to)
        served[to] = crowds[to].served();
      publish(crowds[from].client, "wide", "x");
      flush(crowds[from].client);
      for (size_t to = 0; to < crowds.size(); ++to)
        if (to != from)
          barrier(crowds[from].client, crowds[to].client);
      for (size_t to = 0; to < crowds.size(); ++to) {
        CAPTURE(to);
        CHECK(count_waiting(crowds[to].plain) == from + 1);
        auto now = crowds[to].served() - served[to];
        CHECK(now <= many_groups);
        if (to == from || (other == ours && from != leaf_node && to != leaf_node))
          CHECK(now == many_groups); // from us to us a line has room for all
        else if (from != leaf_node)  // who names the groups of all others
          CHECK(now >= 15);
      }
    }
    CHECK(eventually([&] { return links_of(*all.hub) == before; }));
    CHECK(steady.stop() == "");
  }
}

TEST_CASE("what a leaf node makes long ends no link of its hub but its own") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    mesh all{other};
    steady_traffic steady{{all.hub.get(), all.member.get(), all.far.get()}, "o"};
    // Whoever wants everything is no client of a library, for those have limits of their own.
    std::vector<std::unique_ptr<peer_socket>> greedy;
    for (const auto* each : {all.member.get(), all.far.get()}) {
      auto& one = *greedy.emplace_back(std::make_unique<peer_socket>(each->port(), patience));
      one.send("CONNECT {\"verbose\":false,\"user\":\"t\",\"pass\":\"pw\"}\r\nSUB > 1\r\nPING\r\n");
      while (one.unread().find("PONG\r\n") == std::string_view::npos && one.read_more()) {
      }
    }
    auto listener = connect_as(*all.member, "t");
    auto heard = subscribe(listener, "last");
    auto witness = connect_as(*all.hub, "t");
    REQUIRE(settled(witness, listener));
    REQUIRE(has_routes(*all.hub, routes_between(ours, other)));
    auto before = links_of(*all.hub);
    {
      peer_socket peer{all.leafs, patience};
      peer.send("CONNECT {\"user\":\"leaf\",\"pass\":\"pw\",\"name\":\"X\",\"cluster\":\"X\"}\r\n");
      for (size_t size : {60'000U, 65'500U, 200'000U})
        for (const auto& subject : {std::string(size, 's'), std::string(size, 's') + ".>"})
          peer.send("LS+ " + subject + "\r\nLS+ " + subject + " g 1\r\nLMSG "
                    + std::string(size, 'm') + " 1\r\nx\r\n");
      peer.send("LMSG last 1\r\nx\r\nPING\r\n");
      while (peer.unread().find("PONG\r\n") == std::string_view::npos && peer.read_more()) {
      }
      CHECK(peer.unread().find("PONG\r\n") != std::string_view::npos);
      CHECK(text_of(next_message(heard)) == "x");
      publish(witness, "witness", "");
      barrier(witness, listener);
    }
    CHECK(eventually([&] { return links_of(*all.hub) == before; }));
    CHECK(steady.stop() == "");
  }
}
