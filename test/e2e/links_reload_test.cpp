// test/e2e/links_reload_test.cpp: a reload that is about one peer, and those that it is not about.
#include "cluster_member.hpp"
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "steady_traffic.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A member, another cluster and a hub, of which there are two each: the ones that stay, and those
/// that a reload brings and takes away.
struct around {
  uint16_t routes, gateways, leafs;
  std::unique_ptr<server_process> member, far, hub;
};

const auto general =
    "http: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { A { users: [ { user: a, "
    "password: pw } ] }, S {} }\n"s;

around start_around(kind what, const std::string& name) {
  around out{free_port(), free_port(), free_port(), {}, {}, {}};
  auto server = [&](const std::string& role, const std::string& links) {
    return std::make_unique<server_process>(binary_of(what),
                                            general + "server_name: " + role + name + "\n" + links);
  };
  out.member = server("member", "cluster { name: G1, listen: \"" + at(out.routes)
                                    + "\" }\ngateway { name: G1, listen: \"127.0.0.1:-1\" }\n");
  out.far =
      server("far", "gateway { name: G-" + name + ", listen: \"" + at(out.gateways) + "\" }\n");
  out.hub = server("hub", "leafnodes { listen: \"" + at(out.leafs)
                              + "\", authorization { user: leaf, password: pw, account: A } }\n");
  return out;
}

/// The server's configuration with one of each, or two.
std::string config_with(const std::vector<const around*>& all, bool route, bool gateway, bool hub) {
  std::string routes, gateways, hubs;
  for (const auto* each : all) {
    bool first = each == all.front();
    if (first || route)
      routes += "\"nats-route://" + at(each->routes) + "\"\n";
    if (first || gateway)
      gateways += "{ name: G-"s + (first ? "stays" : "comes") + ", url: \"nats://"
                  + at(each->gateways) + "\" }\n";
    if (first || hub)
      hubs += "{ url: \"nats-leaf://leaf:pw@" + at(each->leafs) + "\", account: A }\n";
  }
  return general + "server_name: middle\ncluster { name: G1, listen: \"127.0.0.1:-1\", routes: [ "
         + routes
         + "] }\ngateway { name: G1, listen: \"127.0.0.1:-1\", reject_unknown_cluster: true, "
           "gateways: [ "
         + gateways + "] }\nleafnodes { reconnect: 1, remotes: [ " + hubs + "] }\n";
}

/// Those of `all` that were there before.
bool holds_all(const std::string& now, const std::string& before) {
  for (size_t from = 0; from < before.size();) {
    auto line = before.substr(from, before.find('\n', from) + 1 - from);
    if (now.find(line) == now.npos)
      return false;
    from += line.size();
  }
  return true;
}

connection_ptr connect_as_a(const server_process& to) {
  auto options = options_for(to);
  must(natsOptions_SetUserInfo(options.get(), "a", "pw"), "user");
  return connect(options);
}

bool hear_each_other(const server_process& one, const server_process& other) {
  auto alice = connect_as_a(one), bob = connect_as_a(other);
  return settled(alice, bob) && settled(bob, alice);
}

} // namespace

TEST_CASE("a reload brings and takes away a route, a gateway or a hub, and no other link notices") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    auto stays = start_around(other, "stays");
    auto comes = start_around(other, "comes");
    const std::vector<const around*> all{&stays, &comes};
    server_process middle{binary_of(ours), config_with(all, false, false, false)};
    steady_traffic steady{{&middle, stays.member.get(), stays.far.get(), stays.hub.get()}, "a"};
    auto links = [&] { return links_of(middle); };
    REQUIRE(has_routes(middle, routes_between(ours, other)));
    auto first = links();
    auto reload = [&](bool route, bool gateway, bool hub, const std::string& what) {
      CAPTURE(what);
      auto rounds = steady.rounds();
      auto before = middle.log().size();
      middle.write_config(config_with(all, route, gateway, hub));
      middle.reload(patience);
      auto said = middle.log().substr(before);
      CAPTURE(said);
      REQUIRE(said.find("Failed to reload") == said.npos);
      REQUIRE(said.find("Reloaded: " + what) != said.npos);
      auto goes_on = eventually([&] {
        std::this_thread::yield();
        return steady.rounds() > rounds + 10;
      });
      if (!goes_on)
        FAIL(steady.stop());
    };
    auto knows_gateway = [&] {
      return http(middle, "/gatewayz").find("\"G-comes\"") != std::string::npos;
    };
    reload(false, false, true, "LeafNode Remotes");
    CHECK(hear_each_other(middle, *comes.hub));
    CHECK(holds_all(links(), first));
    reload(false, true, true, "Gateway Remotes");
    CHECK(hear_each_other(middle, *comes.far));
    REQUIRE(knows_gateway());
    CHECK(holds_all(links(), first));
    reload(true, true, true, "cluster routes");
    CHECK(hear_each_other(middle, *comes.member));
    CHECK(holds_all(links(), first));
    comes.member.reset(); // else its gossip brings it back
    reload(false, true, true, "cluster routes");
    CHECK(holds_all(links(), first));
    reload(false, false, true, "Gateway Remotes");
    CHECK(eventually([&] { return !knows_gateway(); }));
    CHECK(holds_all(links(), first));
    reload(false, false, false, "LeafNode Remotes");
    CHECK(eventually([&] { return links() == first; }));
    CHECK(steady.stop() == "");
  }
}
