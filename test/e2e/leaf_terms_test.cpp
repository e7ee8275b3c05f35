// test/e2e/leaf_terms_test.cpp: on which terms leaf nodes are let in, and what they hear of each
// other.
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "nonce_signature.hpp"
#include "peer_socket.hpp"

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::string nonce_from(peer_socket& hub) {
  while (hub.unread().find("\r\n") == std::string_view::npos && hub.read_more()) {
  }
  constexpr std::string_view key = "\"nonce\":\"";
  auto from = hub.unread().find(key);
  REQUIRE(from != std::string_view::npos);
  auto rest = hub.unread().substr(from + key.size());
  return std::string{rest.substr(0, rest.find('"'))};
}

} // namespace

TEST_CASE("what a leaf node has said to log in lets nobody in who says it again") {
  if (server_under_test().empty())
    return;
  constexpr auto key = "UB3UONPZ2PPWWZYZET7Z7A67GJIVR7QCKKDWTCCKXTCQTMQD7VUZBIFK";
  constexpr auto seed = "SUAPPGV5CA5OUPRVASEPTEXJC6EIDFHHWXDNUQKGPK4UBUAK5THFOKDICY";
  auto port = free_port();
  server_process hub{binary_of(ours), "authorization { users: [ { nkey: "s + key
                                          + " } ] }\nleafnodes { listen: \"" + at(port) + "\" }\n"};
  peer_socket first{port, patience};
  auto hello = "CONNECT {\"nkey\":\""s + key + "\",\"sig\":\"" + sign_nonce(seed, nonce_from(first))
               + "\",\"name\":\"L\",\"cluster\":\"L\"}\r\n";
  first.send(hello + "PING\r\n");
  judge(hub, first, {"he has signed what he was asked to", "", "PONG", {}}, "");
  peer_socket second{port, patience};
  nonce_from(second);
  second.send(hello);
  judge(hub, second,
        {"he has heard somebody else say it",
         "",
         "Authorization Violation",
         {"authentication error"}},
        at(second.own_port()));
  first.send("PING\r\n"); // he has not been replaced
  first.consume(first.unread().size());
  judge(hub, first, {"he stays", "", "PONG", {}}, "");
}

TEST_CASE("a leaf node that wants more than it may is told so each time, and the log once") {
  if (server_under_test().empty())
    return;
  auto port = free_port();
  server_process hub{binary_of(ours),
                     "max_subscriptions: 2\nleafnodes { listen: \"" + at(port) + "\" }\n"};
  auto leaf = std::make_unique<peer_socket>(port, patience);
  leaf->send("CONNECT {\"name\":\"L\",\"cluster\":\"L\"}\r\n"
             "LS+ a\r\nLS+ b\r\nLS+ c\r\nLS+ d\r\nPING\r\n");
  judge(hub, *leaf, {"he wants four", "", "-ERR 'maximum subscriptions exceeded'\r\n", {}}, "");
  auto count = [](std::string_view in) {
    int out = 0;
    constexpr std::string_view words = "maximum subscriptions exceeded";
    for (auto found = in.find(words); found != in.npos; found = in.find(words, found + 1))
      ++out;
    return out;
  };
  CHECK(count(leaf->unread()) == 2);
  leaf.reset();
  REQUIRE(eventually(
      [&] { return hub.log().find("Leafnode connection closed") != std::string::npos; }));
  CHECK(count(hub.log()) == 1);
}

TEST_CASE("isolated leaf nodes hear the hub and are heard there, but not each other") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs})
    for (bool isolated : {false, true}) {
      CAPTURE(name_of(other));
      CAPTURE(isolated);
      auto port = free_port();
      server_process hub{binary_of(ours), "server_name: hub\nleafnodes { listen: \"" + at(port)
                                              + "\", isolate_leafnode_interest: "
                                              + (isolated ? "true" : "false") + " }\n"};
      auto leaf = [&](kind what, const std::string& name) {
        return std::make_unique<server_process>(
            binary_of(what), "server_name: " + name
                                 + "\nleafnodes { reconnect: 1, remotes: [ { url: \"nats-leaf://"
                                 + at(port) + "\" } ] }\n");
      };
      auto east = leaf(ours, "east"), west = leaf(other, "west");
      auto in_hub = connect(hub), in_east = connect(*east), in_west = connect(*west);
      auto at_hub = subscribe(in_hub, "north");
      auto at_east = subscribe(in_east, "across"), at_west = subscribe(in_west, "across");
      auto of_east = subscribe(in_east, "south"), of_west = subscribe(in_west, "south");
      for (const auto* each : {&in_east, &in_west}) {
        REQUIRE(settled(in_hub, *each));
        REQUIRE(settled(*each, in_hub));
      }
      if (!isolated)
        for (auto [from, to] : {std::pair{&in_east, &in_west}, std::pair{&in_west, &in_east}})
          REQUIRE(settled(*from, *to));
      for (const auto* each : {&in_east, &in_west}) {
        publish(*each, "north", "");
        publish(*each, "across", "");
      }
      publish(in_hub, "south", "");
      for (const auto* each : {&in_east, &in_west})
        barrier(*each, in_hub);
      for (const auto* each : {&in_east, &in_west}) // behind what came up from the other one
        barrier(in_hub, *each);
      if (!isolated)
        for (auto [from, to] : {std::pair{&in_east, &in_west}, std::pair{&in_west, &in_east}})
          barrier(*from, *to);
      CHECK(count_waiting(at_hub) == 2);
      CHECK(count_waiting(of_east) == 1);
      CHECK(count_waiting(of_west) == 1);
      CHECK(count_waiting(at_east) == (isolated ? 1 : 2)); // its own
      CHECK(count_waiting(at_west) == (isolated ? 1 : 2));
    }
}
