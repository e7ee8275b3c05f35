// test/e2e/account_limits_test.cpp: an account's limits hold over gateways as over routes, for leaf
// nodes as for clients, whoever has them.
#include "cluster_member.hpp"
#include "peer_socket.hpp"

#include <array>
#include <csignal>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

enum class way : uint8_t { route, gateway };

/// The server that has a limit, the other one, and what links them.
struct couple {
  kind limited = ours;
  kind other = ours;
  way by = way::route;
};

constexpr auto too_many = "maximum account active connections exceeded";

/// Only who has limits looks at the figures of others.
std::string accounts(const std::string& limits) {
  return "system_account: S\naccounts {\n A { users: [ { user: a, password: pw } ]\n" + limits
         + " }\n S { users: [ { user: s, password: pw } ] }\n}\n";
}

connection_ptr connect_as(const server_process& at, const char* user) {
  auto options = options_for(at);
  must(natsOptions_SetUserInfo(options.get(), user, "pw"), "user");
  return connect(options);
}

/// Both of them, when the one with the limit hears what the other says. `more`: what each has
/// besides.
class linked {
public:
  linked(const couple& who, const std::string& limits, const std::array<std::string, 2>& more = {})
      : at_(free_port()) {
    limited = start(who.limited, who.by, 0, accounts(limits) + more[0]);
    other = start(who.other, who.by, 1, accounts("") + more[1]);
    REQUIRE(settled(connect_as(*other, "s"), connect_as(*limited, "s")));
  }
  std::unique_ptr<server_process> limited, other;

private:
  /// The second one dials.
  std::unique_ptr<server_process> start(kind what, way by, int place,
                                        const std::string& top) const {
    auto first = "127.0.0.1:" + std::to_string(at_);
    auto name = place == 0 ? "G1"s : "G2"s;
    auto own = place == 0 ? first : "127.0.0.1:-1"s;
    auto config = "server_name: n" + std::to_string(place) + "\nhttp: \"127.0.0.1:-1\"\n" + top;
    if (by == way::route)
      config += "cluster { name: C1, listen: \"" + own + "\", routes: [ "
                + (place == 0 ? ""s : "\"nats-route://" + first + "\"") + " ] }\n";
    else
      config += "gateway { name: " + name + ", listen: \"" + own + "\", gateways: [ "
                + (place == 0 ? ""s : "{ name: G1, url: \"nats://" + first + "\" }") + " ] }\n";
    return std::make_unique<server_process>(binary_of(what), config);
  }

  uint16_t at_;
};

/// Null: it was not let in.
connection_ptr attempt(const server_process& at) {
  auto options = options_for(at);
  must(natsOptions_SetUserInfo(options.get(), "a", "pw"), "user");
  must(natsOptions_SetAllowReconnect(options.get(), false), "no reconnects");
  must(natsOptions_SetIgnoreDiscoveredServers(options.get(), true), "nowhere else");
  natsConnection* raw = nullptr;
  natsConnection_Connect(&raw, options.get());
  return connection_ptr{raw, natsConnection_Destroy};
}

bool lets_nobody_in(const server_process& at) {
  return eventually([&] { return !attempt(at); });
}

/// Whoever it is that came; null at the deadline.
connection_ptr let_in(const server_process& at) {
  connection_ptr out{nullptr, natsConnection_Destroy};
  eventually([&] { return (out = attempt(at)) != nullptr; });
  return out;
}

bool is_cut(const connection_ptr& who) {
  return eventually([&] {
    natsConnection_FlushTimeout(who.get(), 20);
    return natsConnection_IsClosed(who.get());
  });
}

/// 2.9 forgets those that it wants to cut.
bool cuts_the_newest(kind what) {
  return pools_routes(what);
}

void count_connections(const couple& who) {
  CAPTURE(name_of(who.limited));
  CAPTURE(name_of(who.other));
  CAPTURE((who.by == way::gateway));
  linked all{who, "limits { max_connections: 2 }"};
  auto first = attempt(*all.other);
  auto second = attempt(*all.limited);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(lets_nobody_in(*all.limited)); // as soon as the other's figures have come
  CHECK(eventually([&] { return all.limited->log().find(too_many) != std::string::npos; }));
  flush(second); // he was there first
  first.reset();
  auto third = let_in(*all.limited);
  REQUIRE(third);
  auto fourth = attempt(*all.other); // where nobody counts
  REQUIRE(fourth);
  if (cuts_the_newest(who.limited))
    CHECK(is_cut(third));
  third.reset();
  flush(second);
  CHECK(lets_nobody_in(*all.limited));
  all.other->signal(SIGTERM);
  CHECK(let_in(*all.limited));
  flush(second);
}

/// Troupe as a leaf node of one of them.
std::unique_ptr<server_process> leaf_of(uint16_t port) {
  return std::make_unique<server_process>(
      binary_of(ours),
      "leafnodes { reconnect: \"100ms\", remotes: [ { url: \"nats-leaf://a:pw@127.0.0.1:"
          + std::to_string(port) + "\" } ] }\n");
}

bool has_leafs(const server_process& at, int many) {
  return eventually([&] {
    return http(at, "/leafz").find("\"leafnodes\": " + std::to_string(many) + ",")
           != std::string::npos;
  });
}

/// A leaf node is told so, as its log says behind `from`. (The hub's /leafz is not asked: 2.9 lists
/// there whom it has refused.)
bool is_refused(const server_process& leaf, size_t from = 0) {
  return eventually([&] { return leaf.log().find(too_many, from) != std::string::npos; });
}

void count_leafs(const couple& who) {
  CAPTURE(name_of(who.limited));
  CAPTURE(name_of(who.other));
  CAPTURE((who.by == way::gateway));
  std::array<uint16_t, 2> ports{free_port(), free_port()};
  std::array<std::string, 2> doors;
  for (size_t i = 0; i < 2; ++i)
    doors[i] = "leafnodes { listen: \"127.0.0.1:" + std::to_string(ports[i]) + "\" }\n";
  linked all{who, "limits { max_leafnodes: 1 }", doors};
  auto there = leaf_of(ports[1]);
  REQUIRE(has_leafs(*all.other, 1));
  auto here = leaf_of(ports[0]);
  CHECK(is_refused(*here)); // or cut, when the other's figures came
  there.reset();
  REQUIRE(settled(connect(*here), connect_as(*all.limited, "a"))); // at the next attempt
  auto so_far = here->log().size();
  there = leaf_of(ports[1]); // where nobody counts
  CHECK(is_refused(*here, so_far));
  CHECK(has_leafs(*all.other, 1));
}

} // namespace

TEST_CASE("an account that is full lets nobody in, wherever its clients are, until one goes") {
  if (!has_peer())
    return;
  for (const auto& who : {couple{theirs, ours, way::route}, couple{ours, theirs, way::gateway},
                          couple{theirs, ours, way::gateway}})
    count_connections(who);
}

TEST_CASE("an account has no more leaf nodes at all servers than it may") {
  if (!has_peer())
    return;
  for (const auto& who : {couple{ours, theirs, way::route}, couple{ours, ours, way::gateway},
                          couple{theirs, ours, way::gateway}})
    count_leafs(who);
}

TEST_CASE("a leaf node comes to an account that has no room for clients, and takes their room") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    auto port = free_port();
    server_process hub{binary_of(what),
                       "http: \"127.0.0.1:-1\"\n" + accounts("limits { max_connections: 1 }")
                           + "leafnodes { listen: \"127.0.0.1:" + std::to_string(port) + "\" }\n"};
    auto client = attempt(hub);
    REQUIRE(client);
    auto leaf = leaf_of(port);
    CHECK(has_leafs(hub, 1));
    flush(client);
    client.reset();
    CHECK(!attempt(hub));
    leaf.reset();
    CHECK(let_in(hub));
  }
}

TEST_CASE("an account that may have no leaf nodes is no leaf node of anybody") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    auto port = free_port();
    server_process hub{binary_of(ours), "http: \"127.0.0.1:-1\"\nleafnodes { listen: \"127.0.0.1:"
                                            + std::to_string(port) + "\" }\n"};
    server_process leaf{binary_of(what),
                        accounts("limits { max_leafnodes: 0 }")
                            + "leafnodes { reconnect: 1, remotes: [ { account: A, url: "
                              "\"nats-leaf://127.0.0.1:"
                            + std::to_string(port) + "\" } ] }\n"};
    CHECK(is_refused(leaf));
    CHECK(has_leafs(hub, 0));
  }
}
