// test/e2e/route_pool_test.cpp: several routes to one member, and routes of one account.
#include "cluster_member.hpp"
#include "peer_socket.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using enum kind;

using pair = std::array<kind, 2>;

/// Those that can be tried: a server from before 2.10 has one route.
std::vector<pair> pooling_pairs() {
  std::vector<pair> out;
  if (!server_under_test().empty())
    out.push_back({ours, ours});
  if (has_peer() && pools_routes(theirs)) {
    out.push_back({ours, theirs});
    out.push_back({theirs, ours});
  }
  return out;
}

/// The numbers that have come so far are in `from`; each is larger than the one before it.
class numbers {
public:
  explicit numbers(const connection_ptr& at) : heard_{subscribe(at, "count.*")} { flush(at); }

  /// How many of them have come by now.
  size_t take() {
    auto before = all_;
    natsMsg* raw = nullptr;
    while (natsSubscription_NextMsg(&raw, heard_.get(), 1) == NATS_OK) {
      std::string_view text{natsMsg_GetData(raw), static_cast<size_t>(natsMsg_GetDataLength(raw))};
      uint64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      natsMsg_Destroy(raw);
      CHECK_MESSAGE(number > last_, "doubled, or out of order");
      last_ = number;
      ++all_;
    }
    return all_ - before;
  }

private:
  subscription_ptr heard_;
  uint64_t last_ = 0;
  size_t all_ = 0;
};

void say_numbers(const connection_ptr& from, uint64_t& next, size_t many) {
  for (size_t i = 0; i < many; ++i)
    publish(from, "count.up", std::to_string(++next));
  flush(from);
}

} // namespace

TEST_CASE("members whose pools differ in size hear each other, and requests are answered at once") {
  for (const auto& who : pooling_pairs()) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan a{who[0]};
    member_plan b{who[1]};
    b.dials = {a.port};
    a.extra = "pool_size: 2";
    b.extra = "pool_size: 5";
    auto first = start(a);
    auto second = start(b);
    CHECK(has_routes(*first, 6));
    CHECK(has_routes(*second, 6));
    for (int round = 0; round < 3; ++round) {
      ask(*first, *second);
      ask(*second, *first);
    }
    exchange(*first, *second);
    exchange(*second, *first);
  }
}

TEST_CASE("a reload gives an account a route of its own and takes it back; nothing comes twice") {
  for (const auto& who : pooling_pairs()) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan plans[2]{{who[0]}, {who[1]}};
    plans[1].dials = {plans[0].port};
    std::unique_ptr<server_process> servers[2]{start(plans[0]), start(plans[1])};
    CHECK(has_routes(*servers[0], 4));
    auto alice = connect(*servers[0]);
    auto bob = connect(*servers[1]);
    numbers at_bob{bob};
    numbers at_alice{alice};
    REQUIRE(settled(alice, bob));
    REQUIRE(settled(bob, alice));
    uint64_t said = 0;
    auto all_come = [&] {
      REQUIRE(settled(alice, bob));
      REQUIRE(settled(bob, alice));
      at_bob.take();
      at_alice.take();
      say_numbers(alice, said, 200);
      barrier(alice, bob);
      CHECK(at_bob.take() == 200);
      CHECK(at_alice.take() == 200);
    };
    auto reload = [&](size_t which, const std::string& extra) {
      plans[which].extra = extra;
      servers[which]->write_config(config_of(plans[which]));
      servers[which]->reload(patience);
      say_numbers(alice, said, 50); // some may be lost, but none comes twice
    };
    all_come();
    for (size_t i = 0; i < 2; ++i) {
      reload(i, "accounts: [\"$G\"]");
      if (i == 0 && who[1] == theirs) // who dials, and only after a reload of its own
        continue;
      CHECK(has_routes(*servers[0], 5));
      CHECK(has_routes(*servers[1], 5));
      all_come();
    }
    reload(0, "");
    reload(1, "");
    CHECK(has_routes(*servers[0], 4));
    all_come();
  }
}

TEST_CASE("all routes of a member that is killed are made again") {
  for (const auto& who : pooling_pairs()) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan a{who[0]};
    member_plan b{who[1]};
    a.dials = {b.port};
    auto first = start(a);
    auto second = start(b);
    CHECK(has_routes(*second, 4));
    second->signal(SIGKILL);
    REQUIRE(second->wait_for_exit(patience));
    second = start(b);
    CHECK(has_routes(*first, 4));
    exchange(*first, *second);
  }
}

TEST_CASE("what cannot be a route of a pool is refused with the reason") {
  if (server_under_test().empty())
    return;
  member_plan a{ours};
  auto first = start(a);
  for (const auto& each : std::vector<std::pair<std::string, std::string>>{
           {"\"route_pool_size\":3,\"route_pool_idx\":3",
            "-ERR 'Invalid route pool index: 3 - pool size is 3'"},
           {"\"route_pool_size\":3,\"route_pool_idx\":-1",
            "-ERR 'Invalid route pool index: -1 - pool size is 3'"},
           {"\"route_pool_size\":3,\"route_account\":\"NOPE\"",
            "-ERR 'No route for account \"NOPE\"'"},
           {"\"route_pool_size\":1000000", "-ERR 'Invalid route pool size: 1000000"},
           {"\"route_account\":\"$SYS\"",
            "-ERR 'Not possible to have a dedicated route for account \"$SYS\""}}) {
    CAPTURE(each.first);
    peer_socket peer{a.port, patience};
    peer.send("CONNECT {\"cluster\":\"C1\"}\r\nINFO {\"server_id\":\"X\",\"cluster\":\"C1\","
              + each.first + "}\r\n");
    while (peer.unread().find(each.second) == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find(each.second) != std::string_view::npos);
  }
}

namespace {

/// One slot of a member that listens.
class slot {
public:
  slot(const member_plan& to, int index) : at_{to.port, patience} {
    at_.send("CONNECT {\"cluster\":\"" + to.name
             + "\"}\r\nINFO {\"server_id\":\"X\",\"server_name\":\"x\",\"cluster\":\"" + to.name
             + "\",\"headers\":true,\"lnoc\":true,\"lnocu\":true,\"route_pool_size\":2,"
               "\"route_pool_idx\":"
             + std::to_string(index) + "}\r\n");
    fence();
  }

  /// Sooner or later; throws at the deadline.
  bool hears(const std::string& words) {
    while (at_.unread().find(words) == std::string_view::npos)
      if (!at_.read_more())
        return false;
    return true;
  }
  /// By now.
  bool has_heard(const std::string& words) {
    fence();
    return at_.unread().find(words) != std::string_view::npos;
  }

private:
  void fence() {
    auto before = pongs();
    at_.send("PING\r\n");
    while (pongs() == before && at_.read_more()) {
    }
  }
  size_t pongs() const {
    size_t out = 0;
    for (size_t at = 0; (at = at_.unread().find("PONG\r\n", at)) != std::string_view::npos; ++at)
      ++out;
    return out;
  }

  peer_socket at_;
};

std::string by_name(const member_plan& of) {
  return "\"server_name\":\"n" + std::to_string(of.port) + "\"";
}

} // namespace

TEST_CASE("what was said over a slot that goes, of members and clusters, is said over the next") {
  if (server_under_test().empty())
    return;
  auto door = "127.0.0.1:" + std::to_string(free_port());
  member_plan a{ours};
  a.name = "G1";
  a.extra = "pool_size: 2";
  a.top = "gateway { name: G1, listen: \"" + door + "\" }\n";
  auto first = start(a);
  auto low = std::make_unique<slot>(a, 0);
  slot high{a, 1};

  member_plan b{.what = ours, .dials = {a.port}, .name = "G1"};
  auto second = start(b);
  server_process far{binary_of(ours),
                     "gateway { name: G2, listen: \"127.0.0.1:-1\", gateways: [ { name: G1, url: "
                     "\"nats://"
                         + door + "\" } ] }\n"};
  const std::string cluster = "\"gateway\":\"G2\"";
  for (const auto& news : {by_name(b), cluster}) {
    CHECK(low->hears(news));
    CHECK_FALSE_MESSAGE(high.has_heard(news), "a server is told once");
  }
  low.reset();
  for (const auto& news : {by_name(b), cluster})
    CHECK(high.hears(news));

  member_plan c{.what = ours, .dials = {a.port}, .name = "G1"};
  auto third = start(c);
  CHECK(high.hears(by_name(c)));
  slot back{a, 0};
  member_plan d{.what = ours, .dials = {a.port}, .name = "G1"};
  auto fourth = start(d);
  CHECK(back.hears(by_name(d)));
  CHECK_FALSE(high.has_heard(by_name(d)));
}
