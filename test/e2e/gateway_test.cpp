// test/e2e/gateway_test.cpp: clusters that are linked by gateways, Troupe alone and mixed with
// nats-server.
#include "certificates.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <array>
#include <csignal>
#include <map>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

using pair = std::array<kind, 2>;
constexpr std::array<pair, 3> all_pairs{pair{ours, ours}, pair{ours, theirs}, pair{theirs, ours}};

/// One server of a super cluster.
struct site {
  kind what = ours;
  std::string cluster = "G1";
  uint16_t port = free_port();            ///< for other clusters
  uint16_t route_port = 0;                ///< 0: it stands alone in its cluster
  std::vector<uint16_t> routes = {};      ///< of members of its cluster
  std::map<std::string, uint16_t> others; ///< where it dials other clusters
  std::string inside = {};                ///< of gateway {}
  std::string login = {};                 ///< "user:password@"
  std::string top = {};
};

std::string config_of(const site& of) {
  auto at = [](uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
  std::string remotes;
  for (const auto& [name, port] : of.others)
    remotes += "{ name: " + name + ", url: \"nats://" + of.login + at(port) + "\" }\n    ";
  auto out = "server_name: " + of.cluster + "-" + std::to_string(of.port)
             + "\nhttp: \"127.0.0.1:-1\"\n" + of.top + "gateway {\n  name: " + of.cluster
             + "\n  listen: \"" + at(of.port) + "\"\n  " + of.inside + "\n  gateways: [ " + remotes
             + "]\n}\n";
  if (of.route_port == 0)
    return out;
  std::string routes;
  for (auto port : of.routes)
    routes += "nats-route://" + at(port) + " ";
  return out + "cluster {\n  name: " + of.cluster + "\n  listen: \"" + at(of.route_port)
         + "\"\n  routes: [" + routes + "]\n}\n";
}

std::unique_ptr<server_process> start(const site& of) {
  return std::make_unique<server_process>(binary_of(of.what), config_of(of));
}

/// Two clusters of one server each, which have the same remotes: each skips itself.
struct two_clusters {
  explicit two_clusters(const pair& who, const site& like = {}) {
    plans[0] = plans[1] = like;
    plans[0].what = who[0];
    plans[1].what = who[1];
    plans[0].port = free_port();
    plans[1].port = free_port();
    plans[1].cluster = "G2";
    plans[0].others = plans[1].others = {{"G1", plans[0].port}, {"G2", plans[1].port}};
    one = start(plans[0]);
    two = start(plans[1]);
  }
  std::array<site, 2> plans;
  std::unique_ptr<server_process> one, two;
};

/// What the broker has sent over its gateways, of messages: their number and their bytes.
std::array<uint64_t, 2> sent_to_others(const server_process& from) {
  auto text = http(from, "/gatewayz");
  auto end = text.find("\"inbound_gateways\"");
  std::array<uint64_t, 2> sums{};
  constexpr std::array<std::string_view, 2> keys{"\"out_msgs\": ", "\"out_bytes\": "};
  for (size_t i = 0; i < keys.size(); ++i)
    for (size_t at = 0; (at = text.find(keys[i], at)) < end; at += keys[i].size())
      sums[i] += std::stoull(text.substr(at + keys[i].size()));
  return sums;
}

bool says(const server_process& server, std::string_view words) {
  return eventually([&] { return server.log().find(words) != std::string::npos; });
}

/// One in each cluster: who is near gets it, and nobody twice.
void share(const server_process& here, const server_process& there) {
  auto alice = connect(here);
  auto bob = connect(there);
  auto home = subscribe(alice, "work", "g");
  auto away = subscribe(bob, "work", "g");
  auto everybody = subscribe(bob, "work");
  flush(alice);
  REQUIRE(settled(alice, bob));
  for (int i = 0; i < 100; ++i)
    publish(alice, "work", "");
  barrier(alice, bob);
  CHECK(count_waiting(home) == 100);
  CHECK(count_waiting(away) == 0);
  CHECK(count_waiting(everybody) == 100);
  home.reset();
  flush(alice);
  for (int i = 0; i < 100; ++i)
    publish(alice, "work", "");
  barrier(alice, bob);
  CHECK(count_waiting(away) == 100);
  CHECK(count_waiting(everybody) == 200);
}

} // namespace

TEST_CASE("clients of two clusters hear each other, and nothing crosses that nobody wants") {
  if (!has_peer())
    return;
  for (const auto& who : all_pairs) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    two_clusters sites{who};
    for (auto [from, to] : {std::pair{sites.one.get(), sites.two.get()},
                            std::pair{sites.two.get(), sites.one.get()}}) {
      exchange(*from, *to);
      ask(*from, *to);
      share(*from, *to);
    }
    auto alice = connect(*sites.one);
    auto before = sent_to_others(*sites.one);
    CHECK(before[1] > before[0]);
    for (int i = 0; i < 10'000; ++i)
      publish(alice, "nobody.wants.this", std::string(1000, 'x'));
    flush(alice);
    // Ten thousand or next to none: each server tells the others now and then how it is.
    auto after = sent_to_others(*sites.one);
    CHECK(after[0] - before[0] < 100);
    CHECK(after[1] - before[1] < 1'000'000);
    natsMsg* raw = nullptr;
    CHECK(natsConnection_RequestString(&raw, alice.get(), "nobody.listens", "?", 20'000)
          == NATS_NO_RESPONDERS);
    if (who[1] != theirs)
      continue;
    sites.two->signal(SIGKILL);
    sites.two->wait_for_exit(patience);
    sites.two = start(sites.plans[1]);
    exchange(*sites.one, *sites.two);
    exchange(*sites.two, *sites.one);
  }
}

TEST_CASE("two clusters of two: everybody gets each message once, and any request is answered") {
  if (!has_peer())
    return;
  std::array<site, 4> plans;
  for (size_t i = 0; i < plans.size(); ++i) {
    plans[i].what = i == 1 || i == 2 ? theirs : ours;
    plans[i].cluster = i < 2 ? "G1" : "G2";
    plans[i].route_port = free_port();
  }
  plans[1].routes = {plans[0].route_port};
  plans[3].routes = {plans[2].route_port};
  // One address is enough: the rest is told.
  plans[0].others = plans[1].others = {{"G2", plans[2].port}};
  std::array<std::unique_ptr<server_process>, 4> servers;
  for (size_t i = 0; i < plans.size(); ++i)
    servers[i] = start(plans[i]);
  std::vector<connection_ptr> clients;
  std::vector<subscription_ptr> all, group;
  for (auto& each : servers)
    clients.push_back(connect(*each));
  for (auto& each : clients) {
    all.push_back(subscribe(each, "all"));
    group.push_back(subscribe(each, "work", "g"));
  }
  for (auto& from : clients)
    for (auto& to : clients)
      if (&from != &to)
        REQUIRE(settled(from, to));
  for (size_t i = 0; i < clients.size(); ++i) {
    CAPTURE(i);
    for (int n = 0; n < 50; ++n) {
      publish(clients[i], "all", "");
      publish(clients[i], "work", "");
    }
    for (size_t k = 0; k < clients.size(); ++k)
      barrier(clients[i], clients[k]);
    std::array<size_t, 2> served{};
    for (size_t k = 0; k < clients.size(); ++k) {
      CHECK(count_waiting(all[k]) == 50 * (i + 1));
      served[k / 2] += count_waiting(group[k]);
    }
    CHECK_MESSAGE(served[i / 2] == 50 * (i % 2 + 1), "its own cluster comes first");
  }
  ask(*servers[0], *servers[3]);
  ask(*servers[3], *servers[1]);
  ask(*servers[1], *servers[2]);
  // Both members of G2 have dialled one of G1's, and this one one of theirs.
  auto links = [&](size_t i) { return http(*servers[i], "/gatewayz"); };
  for (size_t i = 0; i < servers.size(); ++i)
    CHECK(links(i).find("\"outbound_gateways\": {}") == std::string::npos);
}

TEST_CASE("a third cluster learns of the others by gossip") {
  if (!has_peer())
    return;
  site g1, g2, g3;
  g2.cluster = "G2";
  g3.cluster = "G3";
  g1.what = theirs;
  g1.others = g3.others = {{"G2", g2.port}};
  auto two = start(g2);
  auto one = start(g1);
  auto three = start(g3);
  exchange(*one, *three);
  exchange(*three, *one);
}

TEST_CASE("gateways are encrypted, and ask for a password") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto file = [&](const std::string& what) {
    return "\"" + (certificates.path() / what).string() + "\"";
  };
  site like;
  like.inside = "tls { cert_file: " + file("server.pem") + ", key_file: " + file("server-key.pem")
                + ", ca_file: " + file("ca.pem")
                + " }\n  authorization { user: gate, password: hush7 }";
  two_clusters sites{pair{ours, theirs}, like};
  exchange(*sites.one, *sites.two);
  exchange(*sites.two, *sites.one);
  site stranger = like;
  stranger.cluster = "G3";
  stranger.port = free_port();
  stranger.login = "gate:hush7x@";
  stranger.others = {{"G1", sites.plans[0].port}};
  auto three = start(stranger);
  CHECK(says(*three, "Authorization Violation"));
  CHECK(sites.one->log().find("hush7") == std::string::npos);
}

TEST_CASE("other clusters come and go with a reload") {
  if (!has_peer())
    return;
  site g1, g2;
  g2.cluster = "G2";
  g1.inside = "reject_unknown_cluster: true";
  g2.others = {{"G1", g1.port}};
  auto one = start(g1);
  auto two = start(g2);
  CHECK(says(*two, "rejected"));
  auto before = config_of(g1);
  g1.others = {{"G2", g2.port}};
  one->write_config(config_of(g1));
  one->reload(patience);
  exchange(*one, *two);
  exchange(*two, *one);
  one->write_config(before);
  one->reload(patience);
  CHECK(eventually([&] {
    auto text = http(*one, "/gatewayz");
    return text.find("\"outbound_gateways\": {}") != std::string::npos
           && text.find("\"inbound_gateways\": {}") != std::string::npos;
  }));
}

TEST_CASE("leaf nodes of one cluster are asked by clients of another, and ask them") {
  if (!has_peer())
    return;
  auto leaf_port = free_port();
  site g1, g2;
  g1.top = g2.top = "accounts { SYS { users: [ { user: sys, password: sys } ] } }\n"
                    "system_account: SYS\n";
  g1.top += "leafnodes { listen: \"127.0.0.1:" + std::to_string(leaf_port) + "\" }\n";
  g2.cluster = "G2";
  g1.others = {{"G2", g2.port}};
  auto hub = start(g1);
  auto other = start(g2);
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    server_process leaf{binary_of(what),
                        "server_name: leaf\nleafnodes { remotes: [ { url: \"nats-leaf://127.0.0.1:"
                            + std::to_string(leaf_port) + "\" } ] }\n"};
    ask(*other, leaf);
    ask(leaf, *other);
    exchange(*other, leaf);
    exchange(leaf, *other);
  }
}

namespace {

/// What a server answers to the system account's user, who is connected elsewhere; or nothing.
std::string asked(const server_process& whom, const std::string& what, const server_process& at) {
  auto varz = http(whom, "/varz");
  constexpr std::string_view key = "\"server_id\": \"";
  auto id = varz.substr(varz.find(key) + key.size(), 56);
  auto options = options_for(at);
  must(natsOptions_SetUserInfo(options.get(), "s", "pw"), "user");
  auto asker = connect(options);
  natsMsg* raw = nullptr;
  auto subject = "$SYS.REQ.SERVER." + id + "." + what;
  auto status = natsConnection_RequestString(&raw, asker.get(), subject.c_str(), "", 20'000);
  return status == NATS_OK ? text_of(message_ptr{raw, natsMsg_Destroy}) : std::string{};
}

/// As the server itself says.
int known_servers(const server_process& at) {
  auto text = asked(at, "STATSZ", at);
  constexpr std::string_view number = "\"active_servers\":";
  auto from = text.find(number);
  return from == std::string::npos ? -1 : std::stoi(text.substr(from + number.size()));
}

} // namespace

TEST_CASE("each server knows how many there are in the super cluster, and is told what to do") {
  if (!has_peer())
    return;
  site first;
  first.top = "system_account: S, accounts { S { users: [ { user: s, password: pw } ] } }\n";
  first.route_port = free_port();
  site second = first;
  second.port = free_port();
  second.what = theirs;
  second.route_port = free_port();
  second.routes = {first.route_port};
  site far;
  far.cluster = "G2";
  far.others = {{"G1", first.port}};
  far.top = first.top;
  std::vector<std::unique_ptr<server_process>> all;
  for (const auto& each : {first, second, far})
    all.push_back(start(each));
  for (const auto& each : all)
    CHECK(eventually([&] { return known_servers(*each) == 3; }));
  for (size_t whom : {0u, 2u}) { // 2.9 cannot be told
    CAPTURE(whom);
    auto said = asked(*all[whom], "RELOAD", *all[(whom + 1) % 3]);
    CHECK(said.starts_with("{\"server\":{"));
    CHECK(said.find("\"error\"") == std::string::npos);
  }
  all.pop_back(); // it says goodbye
  for (const auto& each : all)
    CHECK(eventually([&] { return known_servers(*each) == 2; }));
}
