// test/e2e/leafnode_test.cpp: leaf nodes and hubs, Troupe alone and mixed with nats-server.
#include "certificates.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <array>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

using pair = std::array<kind, 2>;
constexpr std::array<pair, 3> all_pairs{pair{ours, ours}, pair{ours, theirs}, pair{theirs, ours}};

/// A hub, and one leaf node of it.
struct site {
  kind hub = ours;
  kind leaf = ours;
  uint16_t port = free_port(); ///< the hub's, for leaf nodes
  std::string at_hub = {};     ///< inside of leafnodes {} there
  std::string hub_top = {};    ///< outside of it
  std::string login = {};      ///< "user:password@"
  std::string remote = {};     ///< more of the remote
  std::string leaf_top = {};
};

constexpr auto monitored = "http: \"127.0.0.1:-1\"\n";

std::string hub_config(const site& of) {
  return "server_name: hub\n"s + monitored + of.hub_top + "leafnodes {\n  listen: \"127.0.0.1:"
         + std::to_string(of.port) + "\"\n  " + of.at_hub + "\n}\n";
}

std::string leaf_config(const site& of) {
  return "server_name: leaf\n"s + monitored + of.leaf_top
         + "leafnodes {\n  reconnect: 1\n  remotes: [ { url: \"nats-leaf://" + of.login
         + "127.0.0.1:" + std::to_string(of.port) + "\", " + of.remote + " } ]\n}\n";
}

struct running {
  explicit running(const site& of)
      : hub{std::make_unique<server_process>(binary_of(of.hub), hub_config(of))},
        leaf{std::make_unique<server_process>(binary_of(of.leaf), leaf_config(of))} {}
  std::unique_ptr<server_process> hub, leaf;
};

bool says(const server_process& server, std::string_view words) {
  return eventually([&] { return server.log().find(words) != std::string::npos; });
}

connection_ptr connect_as(const server_process& to, const char* user) {
  auto options = options_for(to);
  must(natsOptions_SetUserInfo(options.get(), user, "pw"), "user");
  return connect(options);
}

std::string tls_of(const scratch_folder& certificates, const std::string& name) {
  auto file = [&](const std::string& what) {
    return "\"" + (certificates.path() / what).string() + "\"";
  };
  return "tls { cert_file: " + file(name + ".pem") + ", key_file: " + file(name + "-key.pem")
         + ", ca_file: " + file("ca.pem");
}
} // namespace

TEST_CASE("clients of a hub and of its leaf node hear each other") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    running site_of{site{who[0], who[1]}};
    exchange(*site_of.hub, *site_of.leaf);
    exchange(*site_of.leaf, *site_of.hub);
    ask(*site_of.hub, *site_of.leaf);
    ask(*site_of.leaf, *site_of.hub);
    auto nobody = connect(*site_of.leaf);
    natsMsg* raw = nullptr;
    CHECK(natsConnection_RequestString(&raw, nobody.get(), "nobody.listens", "?", 20'000)
          == NATS_NO_RESPONDERS);
  }
}

TEST_CASE("a hub that advertises no address has leaf nodes all the same") {
  if (!has_peer())
    return;
  for (auto hub : {ours, theirs}) {
    CAPTURE(name_of(hub));
    site quiet{hub, ours};
    quiet.at_hub = "no_advertise: true";
    running site_of{quiet};
    exchange(*site_of.hub, *site_of.leaf);
  }
}

TEST_CASE("a queue group is served at home first, then over the link, each message once") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    running site_of{site{who[0], who[1]}};
    for (auto [from, to] : {std::pair{site_of.hub.get(), site_of.leaf.get()},
                            std::pair{site_of.leaf.get(), site_of.hub.get()}}) {
      auto alice = connect(*from);
      auto bob = connect(*to);
      auto home = subscribe(alice, "work", "g");
      auto away = subscribe(bob, "work", "g");
      auto away_too = subscribe(bob, "work", "g");
      auto everybody = subscribe(bob, "work");
      flush(alice);
      REQUIRE(settled(alice, bob));
      for (int i = 0; i < 100; ++i)
        publish(alice, "work", "");
      barrier(alice, bob);
      CHECK(count_waiting(home) == 100);
      CHECK(count_waiting(away) + count_waiting(away_too) == 0);
      CHECK(count_waiting(everybody) == 100);
      home.reset();
      flush(alice);
      for (int i = 0; i < 100; ++i)
        publish(alice, "work", "");
      barrier(alice, bob);
      CHECK(count_waiting(away) + count_waiting(away_too) == 100);
      CHECK(count_waiting(everybody) == 200);
    }
  }
}

TEST_CASE("clusters at both ends: everybody gets each message, and gets it once") {
  if (!has_peer())
    return;
  using four = std::array<kind, 4>; // two hubs, two of a site that is their leaf node
  for (const auto& who : {four{ours, ours, ours, ours}, four{ours, theirs, ours, theirs},
                          four{theirs, ours, theirs, ours}, four{theirs, theirs, ours, ours}}) {
    std::array<uint16_t, 4> routes{}, leafs{};
    std::vector<std::unique_ptr<server_process>> all;
    for (size_t i = 0; i < 4; ++i) {
      CAPTURE(name_of(who[i]));
      routes[i] = free_port();
      leafs[i] = free_port();
      auto config = "server_name: n" + std::to_string(i)
                    + "\ncluster { name: " + (i < 2 ? "HUBS" : "SITE")
                    + ", listen: \"127.0.0.1:" + std::to_string(routes[i]) + "\"";
      if (i % 2 == 1)
        config += ", routes: [ \"nats-route://127.0.0.1:" + std::to_string(routes[i - 1]) + "\" ]";
      config +=
          " }\nleafnodes { reconnect: 1, listen: \"127.0.0.1:" + std::to_string(leafs[i]) + "\"";
      if (i >= 2)
        config += ", remotes: [ { url: \"nats-leaf://127.0.0.1:" + std::to_string(leafs[i - 2])
                  + "\" } ]";
      all.push_back(std::make_unique<server_process>(binary_of(who[i]), config + " }\n"));
    }
    std::vector<connection_ptr> clients;
    std::vector<subscription_ptr> heard, shared;
    for (auto& each : all) {
      clients.push_back(connect(*each));
      heard.push_back(subscribe(clients.back(), "all"));
      shared.push_back(subscribe(clients.back(), "work", "g"));
    }
    for (auto& here : clients)
      for (auto& there : clients)
        if (here != there)
          REQUIRE(settled(here, there));
    for (auto& each : clients)
      for (int i = 0; i < 50; ++i) {
        publish(each, "all", "");
        publish(each, "work", "");
      }
    for (auto& here : clients)
      for (auto& there : clients)
        if (here != there)
          barrier(here, there);
    size_t sum = 0;
    for (size_t i = 0; i < 4; ++i) {
      CAPTURE(i);
      CHECK(count_waiting(heard[i]) == 200);
      sum += count_waiting(shared[i]);
    }
    CHECK(sum == 200);
  }
}

TEST_CASE("a leaf cluster at two hubs hears all of them, whoever has subscribed first or goes") {
  if (!has_peer())
    return;
  const std::array<kind, 4> who{theirs, ours, ours, ours}; // the hubs, then the site
  std::array<uint16_t, 4> routes{}, leafs{};
  std::vector<std::unique_ptr<server_process>> all;
  for (size_t i = 0; i < 4; ++i) {
    routes[i] = free_port();
    leafs[i] = free_port();
    auto config = "server_name: n" + std::to_string(i)
                  + "\ncluster { name: " + (i < 2 ? "HUBS" : "SITE")
                  + ", listen: \"127.0.0.1:" + std::to_string(routes[i]) + "\"";
    if (i % 2 == 1)
      config += ", routes: [ \"nats-route://127.0.0.1:" + std::to_string(routes[i - 1]) + "\" ]";
    config +=
        " }\nleafnodes { reconnect: 1, listen: \"127.0.0.1:" + std::to_string(leafs[i]) + "\"";
    if (i >= 2)
      config +=
          ", remotes: [ { url: \"nats-leaf://127.0.0.1:" + std::to_string(leafs[i - 2]) + "\" } ]";
    all.push_back(std::make_unique<server_process>(binary_of(who[i]), config + " }\n"));
  }
  std::vector<connection_ptr> clients;
  for (auto& each : all)
    clients.push_back(connect(*each));
  auto settle = [&](auto&... there) {
    for (auto& here : clients)
      for (auto* each : {&there...})
        if (here != *each)
          REQUIRE(settled(here, *each));
  };
  settle(clients[0], clients[1], clients[2], clients[3]);
  // At one hub, its own client and its member of the site, in both orders; one of them leaves.
  int number = 0;
  for (size_t hub : {0u, 1u})
    for (bool site_first : {true, false})
      for (bool site_goes : {true, false}) {
        CAPTURE(name_of(who[hub]));
        CAPTURE(site_first);
        CAPTURE(site_goes);
        auto subject = "pair." + std::to_string(++number);
        auto& own = clients[hub];
        auto& member = clients[hub + 2];
        subscription_ptr at_own{nullptr, natsSubscription_Destroy},
            at_member{nullptr, natsSubscription_Destroy};
        for (bool at_site : {site_first, !site_first}) {
          (at_site ? at_member : at_own) = subscribe(at_site ? member : own, subject.c_str());
          flush(at_site ? member : own);
          REQUIRE(settled(own, member));
        }
        settle(own, member);
        auto count = [&](const subscription_ptr& at) { return at ? count_waiting(at) : 0; };
        auto expect = [&](size_t from_each) {
          for (auto& from : clients)
            publish(from, subject.c_str(), "");
          for (auto& from : clients) {
            if (from != own)
              barrier(from, own);
            if (from != member)
              barrier(from, member);
          }
          if (at_own)
            CHECK(count(at_own) == from_each);
          if (at_member)
            CHECK(count(at_member) == from_each);
        };
        expect(4);
        (site_goes ? at_member : at_own).reset();
        flush(site_goes ? member : own);
        settle(own, member);
        expect(8);
      }
}

TEST_CASE("a leaf node learns of the other members of its hub's cluster, and turns to them") {
  if (!has_peer())
    return;
  for (const auto& who : {all_pairs[1], all_pairs[2]}) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    site plan{who[0], who[1]};
    auto routes = free_port(), other_routes = free_port(), other_leafs = free_port();
    plan.hub_top = "cluster { listen: \"127.0.0.1:" + std::to_string(routes) + "\" }\n"; // no name
    running site_of{plan};
    server_process other{
        binary_of(who[0]),
        "server_name: other\ncluster { listen: \"127.0.0.1:" + std::to_string(other_routes)
            + "\", routes: [ \"nats-route://" + "127.0.0.1:" + std::to_string(routes)
            + "\" ] }\nleafnodes { listen: \"127.0.0.1:" + std::to_string(other_leafs) + "\" }\n"};
    exchange(*site_of.hub, other);
    exchange(*site_of.hub, *site_of.leaf);
    site_of.hub->signal(SIGKILL);
    REQUIRE(site_of.hub->wait_for_exit(patience));
    exchange(other, *site_of.leaf);
  }
}

TEST_CASE("a hub that is killed and comes back is found again") {
  if (!has_peer())
    return;
  for (const auto& who : {all_pairs[1], all_pairs[2]}) {
    CAPTURE(name_of(who[0]));
    site plan{who[0], who[1]};
    running site_of{plan};
    exchange(*site_of.hub, *site_of.leaf);
    site_of.hub->signal(SIGKILL);
    REQUIRE(site_of.hub->wait_for_exit(patience));
    site_of.hub = std::make_unique<server_process>(binary_of(plan.hub), hub_config(plan));
    exchange(*site_of.hub, *site_of.leaf);
    exchange(*site_of.leaf, *site_of.hub);
  }
}

TEST_CASE("a leaf node reaches the account of its user, as far as he may, and no other") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    site plan{who[0], who[1]};
    plan.hub_top = "accounts {\n  A { users: [ { user: a, password: pw }, { user: leaf, password: "
                   "pw, permissions: { publish: [\"up.>\", \"_INBOX.>\", \"probe.>\", "
                   "\"barrier.>\"], subscribe: { allow: \">\", deny: \"hush\" } } } ] }\n"
                   "  B { users: [ { user: b, password: pw } ] }\n}\n";
    plan.leaf_top = "accounts { L { users: [ { user: l, password: pw } ] }\n M { users: [ { user: "
                    "m, password: pw } ] } }\n";
    plan.login = "leaf:pw@";
    plan.remote = "account: L";
    running site_of{plan};
    auto a = connect_as(*site_of.hub, "a");
    auto b = connect_as(*site_of.hub, "b");
    auto l = connect_as(*site_of.leaf, "l");
    auto m = connect_as(*site_of.leaf, "m");
    auto at_a = subscribe(a, ">");
    auto at_b = subscribe(b, "up.x");
    auto at_l = subscribe(l, ">");
    auto at_m = subscribe(m, "down.x");
    flush(b);
    flush(m);
    REQUIRE(settled(a, l));
    REQUIRE(settled(l, a));
    auto up = subscribe(a, "up.x");
    auto not_up = subscribe(a, "other");
    auto down = subscribe(l, "down.x");
    auto not_down = subscribe(l, "hush");
    REQUIRE(settled(a, l));
    REQUIRE(settled(l, a));
    publish(l, "other", "");
    publish(l, "up.x", "");
    publish(a, "hush", "");
    publish(a, "down.x", "");
    barrier(l, a);
    barrier(a, l);
    CHECK(count_waiting(up) == 1);
    CHECK(count_waiting(not_up) == 0);
    CHECK(count_waiting(down) == 1);
    CHECK(count_waiting(not_down) == 0);
    flush(b);
    flush(m);
    CHECK(count_waiting(at_b) == 0);
    CHECK(count_waiting(at_m) == 0);
  }
}

TEST_CASE("what a remote denies does not pass") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    site plan{who[0], who[1]};
    plan.remote = "deny_imports: [\"no.in\"], deny_exports: [\"no.out\"]";
    running site_of{plan};
    auto alice = connect(*site_of.hub);
    auto bob = connect(*site_of.leaf);
    auto at_alice = subscribe(alice, "no.*");
    auto at_bob = subscribe(bob, "no.*");
    REQUIRE(settled(alice, bob));
    REQUIRE(settled(bob, alice));
    publish(alice, "no.in", "");
    publish(alice, "no.matter", "");
    publish(bob, "no.out", "");
    publish(bob, "no.matter", "");
    barrier(alice, bob);
    barrier(bob, alice);
    CHECK(count_waiting(at_alice) == 3); // its own two, and one
    CHECK(count_waiting(at_bob) == 3);
  }
}

TEST_CASE("who has the wrong password does not become a leaf node") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    site plan{who[0], who[1]};
    plan.at_hub = "authorization { user: hubuser, password: opensesame }";
    plan.login = "hubuser:closesesame@";
    running site_of{plan};
    CHECK(says(*site_of.hub, "authentication error"));
    CHECK(says(*site_of.leaf, "Authorization Violation"));
    for (const auto* each : {site_of.hub.get(), site_of.leaf.get()})
      if (each == (who[0] == ours ? site_of.hub.get() : site_of.leaf.get()))
        CHECK(each->log().find("sesame") == std::string::npos);
    plan.login = "hubuser:opensesame@";
    site_of.leaf.reset();
    site_of.leaf = std::make_unique<server_process>(binary_of(plan.leaf), leaf_config(plan));
    exchange(*site_of.hub, *site_of.leaf);
  }
}

TEST_CASE("two servers that dial each other as leaf nodes notice the loop, and keep one link") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    std::array<uint16_t, 2> ports{free_port(), free_port()};
    auto config = [&](size_t mine) {
      return "server_name: s" + std::to_string(mine)
             + "\nleafnodes { reconnect: 1, listen: "
               "\"127.0.0.1:"
             + std::to_string(ports[mine])
             + "\", remotes: [ { url: "
               "\"nats-leaf://127.0.0.1:"
             + std::to_string(ports[1 - mine]) + "\" } ] }\n";
    };
    server_process first{binary_of(ours), config(0)};
    server_process second{binary_of(other), config(1)};
    CHECK(eventually([&] { // whichever has noticed it
      constexpr auto words = "Loop detected for leafnode account=\"$G\"";
      return first.log().find(words) != std::string::npos
             || second.log().find(words) != std::string::npos;
    }));
    exchange(first, second); // long before anybody dials again
    exchange(second, first);
  }
}

TEST_CASE("links of leaf nodes are encrypted, and each end shows a certificate") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    site plan{who[0], who[1]};
    plan.at_hub = tls_of(certificates, "server") + ", verify: true }";
    plan.remote = tls_of(certificates, "server") + " }";
    {
      running site_of{plan};
      exchange(*site_of.hub, *site_of.leaf);
    }
    plan.remote = tls_of(certificates, "other") + " }";
    running site_of{plan};
    CHECK(says(*site_of.hub, "TLS leafnode handshake error"));
    if (who[1] == ours) // for the leaf node the handshake is over when the hub judges
      CHECK(says(*site_of.leaf, "TLS leafnode handshake error: the peer says: "));
  }
  site first{ours, ours};
  first.at_hub = tls_of(certificates, "server") + ", verify: true, handshake_first: true }";
  first.remote = tls_of(certificates, "server") + ", handshake_first: true }";
  {
    running site_of{first};
    exchange(*site_of.hub, *site_of.leaf);
  }
  // Either way at one listener: who begins with TLS, and who waits for INFO.
  first.at_hub = tls_of(certificates, "server") + ", verify: true, handshake_first: \"40ms\" }";
  {
    running site_of{first};
    exchange(*site_of.hub, *site_of.leaf);
  }
  site second{ours, theirs};
  second.at_hub = first.at_hub;
  second.remote = tls_of(certificates, "server") + " }";
  running site_of{second};
  exchange(*site_of.hub, *site_of.leaf);
}

TEST_CASE("remotes come and go with a reload, and monitoring shows them") {
  if (!has_peer())
    return;
  site plan{ours, ours};
  running site_of{plan};
  exchange(*site_of.hub, *site_of.leaf);
  auto shown = http(*site_of.hub, "/leafz?subs=1");
  for (auto part : {"\"leafnodes\": 1,", "\"name\": \"leaf\"", "\"account\": \"$G\"",
                    "\"is_spoke\": false", "\"subscriptions_list\""})
    CHECK_MESSAGE(shown.find(part) != std::string::npos, part);
  CHECK(http(*site_of.leaf, "/leafz").find("\"is_spoke\": true") != std::string::npos);
  CHECK(http(*site_of.hub, "/varz").find("\"leafnodes\": 1,") != std::string::npos);
  CHECK(http(*site_of.hub, "/accstatz").find("\"leafnodes\": 1,") != std::string::npos);
  auto none = "server_name: leaf\n"s + monitored + "leafnodes { reconnect: 1, remotes: [] }\n";
  site_of.leaf->write_config(none);
  site_of.leaf->reload(patience);
  CHECK(eventually(
      [&] { return http(*site_of.hub, "/leafz").find("\"leafnodes\": 0,") != std::string::npos; }));
  site_of.leaf->write_config(leaf_config(plan));
  site_of.leaf->reload(patience);
  exchange(*site_of.hub, *site_of.leaf);
}

TEST_CASE("what is no leaf node is refused on the port for leaf nodes, others do not notice") {
  if (!has_peer())
    return;
  site plan{ours, theirs};
  running site_of{plan};
  exchange(*site_of.hub, *site_of.leaf);
  for (const auto& each : std::vector<std::pair<std::string, std::string>>{
           {"CONNECT {\"lang\":\"go\"}\r\n", "-ERR 'attempted to connect to leaf node port'"},
           {"CONNECT {\"gateway\":\"G\"}\r\n",
            "-ERR 'Rejecting connection from gateway \"G\" on the leafnode port'"},
           {"LS+ foo\r\n", "-ERR 'Authorization Violation'"},
           {"GET / HTTP/1.1\r\n\r\n", "-ERR 'Unknown Protocol Operation'"},
           {"CONNECT {\"name\":\"x\",\"cluster\":\"x\"}\r\nRS+ $G foo\r\n",
            "-ERR 'Unknown Protocol Operation'"},
           {"CONNECT {\"name\":\"x\",\"cluster\":\"x\"}\r\nLMSG foo 99999999\r\n",
            "-ERR 'Maximum Payload Violation'"},
           {"CONNECT {\"name\":\"x\",\"cluster\":\"x\"}\r\nLS+ a..b\r\nPING\r\n",
            "-ERR 'Invalid Subscription'\r\nPONG"}}) {
    CAPTURE(each.first);
    peer_socket peer{plan.port, patience};
    peer.send(each.first);
    while (peer.unread().find(each.second) == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find(each.second) != std::string_view::npos);
  }
  peer_socket giant{plan.port, patience};
  giant.send("CONNECT {\"name\":\"" + std::string(200'000, 'x'));
  while (giant.read_more()) {
  }
  CHECK(giant.unread().find("maximum control line exceeded") != std::string_view::npos);
  exchange(*site_of.leaf, *site_of.hub);
}
