// test/e2e/cluster_test.cpp: clusters of Troupe alone, and mixed with nats-server.
#include "certificates.hpp"
#include "cluster_member.hpp"
#include "peer_socket.hpp"

#include <array>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

/// Members on both sides: each message goes to one of them, and both sides get some.
void share(const server_process& first, const server_process& second) {
  auto alice = connect(first);
  auto bob = connect(second);
  auto near = subscribe(alice, "work", "g");
  auto far = subscribe(bob, "work", "g");
  auto far_too = subscribe(bob, "work", "g");
  auto everybody = subscribe(bob, "work");
  flush(alice);
  REQUIRE(settled(alice, bob));
  for (int i = 0; i < 600; ++i)
    publish(alice, "work", "");
  barrier(alice, bob);
  barrier(bob, alice);
  auto here = count_waiting(near);
  auto there = count_waiting(far) + count_waiting(far_too);
  CHECK(here + there == 600);
  CHECK(here > 100); // a third each
  CHECK(there > 300);
  CHECK(count_waiting(everybody) == 600);
}

void all_of_it(const server_process& first, const server_process& second) {
  exchange(first, second);
  exchange(second, first);
  ask(first, second);
  ask(second, first);
  share(first, second);
  share(second, first);
}
} // namespace

TEST_CASE("clients of two members hear each other, whoever dialled") {
  if (!has_peer())
    return;
  using pair = std::array<kind, 2>;
  for (const auto& who : {pair{ours, ours}, pair{ours, theirs}, pair{theirs, ours}}) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan a{who[0]};
    member_plan b{who[1]};
    b.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    all_of_it(*first, *second);
  }
}

TEST_CASE("members that dial each other at the same time keep one connection for each purpose") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.dials = {b.port};
    b.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    exchange(*first, *second);
    CHECK(has_routes(*first, routes_between(ours, other)));
  }
}

TEST_CASE("members learn of each other by gossip, and each message comes once") {
  if (!has_peer())
    return;
  for (auto hub : {ours, theirs}) {
    CAPTURE(name_of(hub));
    member_plan a{hub};
    member_plan b{ours};
    member_plan c{theirs};
    member_plan d{ours};
    b.dials = c.dials = d.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    auto third = start(c);
    auto fourth = start(d);
    exchange(*second, *third);
    exchange(*third, *fourth);
    exchange(*fourth, *second);
    auto alice = connect(*second);
    std::array<connection_ptr, 3> others{connect(*first), connect(*third), connect(*fourth)};
    std::vector<subscription_ptr> heard;
    for (auto& each : others) {
      heard.push_back(subscribe(each, "all"));
      REQUIRE(settled(alice, each));
    }
    for (int i = 0; i < 100; ++i)
      publish(alice, "all", "");
    for (size_t i = 0; i < others.size(); ++i) {
      barrier(alice, others[i]);
      CHECK(count_waiting(heard[i]) == 100);
    }
    CHECK(has_routes(*second, routes_between(ours, hub) + routes_between(ours, theirs)
                                  + routes_between(ours, ours)));
    CHECK(http(*second, "/varz").find("\"remotes\": 3,") != std::string::npos);
  }
}

TEST_CASE("a member that is killed and comes back is found again") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.dials = {b.port};
    auto first = start(a);
    auto second = start(b);
    exchange(*first, *second);
    second->signal(SIGKILL);
    REQUIRE(second->wait_for_exit(patience));
    second.reset();
    second = start(b);
    exchange(*first, *second);
  }
}

TEST_CASE("a peer with the wrong password, or of another cluster, does not come in") {
  if (!has_peer())
    return;
  std::string guarded = "authorization { user: \"mesh\", password: \"open\" }";
  member_plan a{ours};
  a.extra = guarded;
  auto first = start(a);
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan b{other};
    b.dials = {a.port};
    b.extra = guarded;
    b.login = "mesh:shut@";
    auto second = start(b);
    CHECK(eventually([&] {
      return first->log().find("Authorization Violation") != std::string::npos
             && second->log().find("Authorization Violation") != std::string::npos;
    }));
    CHECK(first->log().find("shut") == std::string::npos);
    second.reset();
    b.login = "mesh:open@";
    second = start(b);
    exchange(*first, *second);
    second.reset();
    b.name = "C2";
    second = start(b);
    CHECK(eventually([&] {
      return first->log().find("cluster name \"C2\" does not match \"C1\"") != std::string::npos;
    }));
  }
}

TEST_CASE("routes are encrypted, and both ends show a certificate") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto tls = [&](const std::string& name) {
    auto file = [&](const std::string& what) {
      return "\"" + (certificates.path() / what).string() + "\"";
    };
    return "tls { cert_file: " + file(name + ".pem") + ", key_file: " + file(name + "-key.pem")
           + ", ca_file: " + file("ca.pem") + " }";
  };
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.extra = b.extra = tls("server");
    auto first = start(a);
    b.dials = {a.port};
    auto second = start(b);
    exchange(*first, *second);
    exchange(*second, *first);
    b.extra = tls("other");
    second.reset();
    second = start(b);
    CHECK(eventually(
        [&] { return first->log().find("TLS route handshake error") != std::string::npos; }));
  }
}

TEST_CASE("routes come and go with a reload") {
  if (server_under_test().empty())
    return;
  member_plan a{ours};
  member_plan b{ours};
  auto first = start(a);
  auto second = start(b);
  a.dials = {b.port};
  first->write_config(config_of(a));
  first->reload(patience);
  exchange(*first, *second);
  a.dials = {};
  first->write_config(config_of(a));
  first->reload(patience);
  CHECK(eventually(
      [&] { return http(*first, "/routez").find("\"num_routes\": 0,") != std::string::npos; }));
}

TEST_CASE("after a reload with another password members come again with that one, or not at all") {
  if (server_under_test().empty())
    return;
  member_plan a{ours}, b{ours};
  auto first_word = "authorization { user: mesh, password: first }"s;
  auto second_word = "authorization { user: mesh, password: second }"s;
  a.extra = first_word;
  b.dials = {a.port};
  b.login = "mesh:first@";
  auto first = start(a), second = start(b);
  REQUIRE(has_routes(*first, routes_between(ours, ours)));
  a.extra = second_word;
  first->write_config(config_of(a));
  first->reload(patience);
  CHECK(eventually(
      [&] { return second->log().find("'Authorization Violation'") != std::string::npos; }));
  CHECK(has_routes(*first, 0));
  b.login = "mesh:second@";
  second->write_config(config_of(b));
  second->reload(patience);
  exchange(*first, *second);
}

TEST_CASE(
    "a member that does not read for a while hears of all interest, and is no slow consumer") {
  if (server_under_test().empty())
    return;
  constexpr int many = 60'000; // several times what may be pending for a peer
  member_plan a{ours};
  a.top = "max_pending: 1MB\n";
  auto broker = start(a);
  std::string subscriptions = "CONNECT {\"verbose\":false}\r\n";
  for (int i = 0; i < many; ++i)
    subscriptions += "SUB deep." + std::string(100, 'x') + "." + std::to_string(i) + " "
                     + std::to_string(i + 1) + "\r\n";
  peer_socket client{broker->port(), patience};
  client.send(subscriptions + "PING\r\n");
  while (client.unread().find("PONG\r\n") == std::string_view::npos && client.read_more()) {
  }
  peer_socket peer{a.port, patience};
  peer.send("CONNECT {\"cluster\":\"C1\"}\r\n"
            "INFO {\"server_id\":\"SLOW\",\"cluster\":\"C1\",\"headers\":true}\r\n");
  CHECK(eventually([&] { // the system takes no more of it
    auto text = http(*broker, "/routez");
    return text.find("\"pending_size\": ") != text.npos
           && text.find("\"pending_size\": 0") == text.npos;
  }));
  int heard = 0;
  while (heard < many && peer.read_more()) {
    auto text = peer.unread();
    auto end = text.rfind('\n') + 1;
    for (auto at = text.find("RS+ $G deep."); at < end; at = text.find("RS+ $G deep.", at + 1))
      ++heard;
    peer.consume(end);
  }
  CHECK(heard == many);
  CHECK(broker->log().find("Slow Consumer") == std::string::npos);
}

TEST_CASE("what is not a route is refused on the port of the cluster") {
  if (server_under_test().empty())
    return;
  member_plan a{ours};
  auto first = start(a);
  for (const auto& each : std::vector<std::pair<std::string, std::string>>{
           {"CONNECT {\"lang\":\"go\",\"cluster\":\"C1\"}\r\n",
            "-ERR 'attempted to connect to route port'"},
           {"CONNECT {\"gateway\":\"G\",\"cluster\":\"C1\"}\r\n",
            "-ERR 'Rejecting connection from gateway \"G\" on the Route port'"},
           {"CONNECT {\"cluster\":\"C2\"}\r\n",
            "-ERR 'Rejecting connection, cluster name \"C2\" does not match \"C1\"'"},
           {"RS+ $G foo\r\n", "-ERR 'Authorization Violation'"},
           {"GET / HTTP/1.1\r\n\r\n", "-ERR 'Unknown Protocol Operation'"},
           {"CONNECT {\"cluster\":\"C1\"}\r\nINFO {\"server_id\":\"X\",\"cluster\":\"C1\"}\r\n"
            "RS+ $G ..\r\nPING\r\n",
            "-ERR 'Invalid Subscription'\r\nPONG"}}) {
    CAPTURE(each.first);
    peer_socket peer{a.port, patience};
    peer.send(each.first);
    while (peer.unread().find(each.second) == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find(each.second) != std::string_view::npos);
  }
}

TEST_CASE("what a member's cluster permissions refuse does not cross its routes, either way") {
  if (!has_peer())
    return;
  using pair = std::array<kind, 2>;
  for (const auto& who : {pair{ours, ours}, pair{ours, theirs}, pair{theirs, ours}}) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan strict{who[0]};
    strict.extra =
        "permissions { import: { allow: [ \"in.>\", \"probe.>\", \"barrier.>\" ] },"
        " export: { allow: [ \"out.>\", \"probe.>\", \"barrier.>\" ], deny: \"out.no\" } }";
    member_plan open{who[1]};
    open.dials = {strict.port};
    auto first = start(strict), second = start(open);
    auto alice = connect(*first), bob = connect(*second);
    REQUIRE(settled(alice, bob));
    REQUIRE(settled(bob, alice));
    auto in = subscribe(alice, "in.x"), not_in = subscribe(alice, "else.x");
    auto out = subscribe(bob, "out.x"), not_out = subscribe(bob, "out.no"),
         neither = subscribe(bob, "else.y");
    flush(alice);
    flush(bob);
    REQUIRE(settled(alice, bob));
    REQUIRE(settled(bob, alice));
    for (const char* subject : {"in.x", "else.x"})
      publish(bob, subject, "");
    for (const char* subject : {"out.x", "out.no", "else.y"})
      publish(alice, subject, "");
    barrier(alice, bob);
    barrier(bob, alice);
    CHECK(count_waiting(in) == 1);
    CHECK(count_waiting(not_in) == 0);
    CHECK(count_waiting(out) == 1);
    CHECK(count_waiting(not_out) == 0);
    CHECK(count_waiting(neither) == 0);
  }
}
