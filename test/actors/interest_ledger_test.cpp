// test/actors/interest_ledger_test.cpp: what links are told of interest, and when.
#include "test/actors/link_world.hpp"

using namespace troupe;
using actors::peer_interest;
using test::link_world;
using enum test::peer_role;

namespace {

/// Leaf clusters that all want "a".
struct crowd_world : link_world {
  ~crowd_world() { leave(); }
  void come(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      auto to = protocol::make_ref<actors::link_destination>(i, i, leaf_down, int64_t{1});
      to->set_cluster("L" + std::to_string(1000 + all.size()));
      all.push_back(protocol::make_ref<actors::remote_interest>(
          account->interests.share_text("a", {}), to, uint32_t{1}));
      REQUIRE(account->add_interest(all.back(), routes.news()));
    }
    flush();
  }
  void leave() {
    for (const auto& each : all)
      account->drop_interest(*each, routes.news());
    all.clear();
    flush();
  }

  std::vector<actors::remote_interest_ptr> all;
};

} // namespace

TEST_CASE("an account of a broker without links keeps no ledger") {
  actors::account one{"A", 1};
  CHECK(!one.ledger);
}

TEST_CASE_FIXTURE(link_world, "a peer is told of the first subscription and of the last to go") {
  auto& peer = link(route);
  auto& alice = join();
  auto& bob = join();
  auto one = listen(alice, "a");
  flush();
  CHECK(peer.take() == "+a\n");
  auto two = listen(bob, "a");
  account->drop_interest(*one, routes.news());
  flush();
  CHECK(peer.take().empty());
  account->drop_interest(*two, routes.news());
  flush();
  CHECK(peer.take() == "-a\n");
  CHECK(account->ledger->size() == 0);
}

TEST_CASE_FIXTURE(link_world, "a peer is told of each change in a queue group's number") {
  auto& peer = link(route);
  auto& alice = join();
  auto one = listen(alice, "a", "q");
  flush();
  CHECK(peer.take() == "+a q 1\n");
  listen(alice, "a", "q", "2");
  listen(alice, "a", "q", "3");
  flush();
  CHECK(peer.take() == "+a q 3\n");
  listen(alice, "a", {}, "4");
  account->drop_interest(*one, routes.news());
  flush();
  CHECK(peer.take() == "+a\n+a q 2\n");
}

TEST_CASE_FIXTURE(link_world,
                  "interest is at every link before the request that was made after it") {
  auto& one = link(route);
  auto& two = link(gateway_in);
  auto& three = link(leaf_down);
  wants(one, "svc");
  wants(three, "svc");
  flush();
  for (auto& each : all_links)
    each.take();
  auto& alice = join();
  for (int i = 0; i < 3; ++i) {
    auto inbox = "_INBOX." + std::to_string(i);
    listen(alice, inbox);
    say({"svc", "x", inbox}, &alice);
    CHECK(one.take() == "+" + inbox + "\nRMSG A svc " + inbox + " 1\r\nx\r\n");
    CHECK(three.take() == "+" + inbox + "\nLMSG svc " + inbox + " 1\r\nx\r\n");
    CHECK(two.take() == "+" + inbox + "\n");
  }
}

TEST_CASE_FIXTURE(link_world, "while interest is on its way nobody writes to the link past it") {
  auto& peer = link(route);
  listen(join(), "a");
  routes.flush();
  CHECK(peer.dest->pending > 0);
  sched.run();
  CHECK(peer.dest->pending == 0);
  CHECK(peer.take() == "+a\n");
}

TEST_CASE_FIXTURE(link_world, "whoever joins interest that is not told yet tells it as well") {
  auto& peer = link(route);
  wants(peer, "svc");
  flush();
  peer.take();
  actors::router other{pool, 9};
  other.federate(links);
  auto& alice = join();
  auto& bob = join();
  listen(alice, "a"); // her reactor has not flushed yet
  auto second = make_subscription(bob, "a", "1");
  account->add_interest(second, other.news());
  publish_by(other, {"svc", "x", "a"}, &bob);
  other.flush();
  sched.run();
  CHECK(peer.take() == "+a\nRMSG A svc a 1\r\nx\r\n");
  flush();
  CHECK(peer.take().empty());
  auto third = make_subscription(bob, "a", "2");
  account->add_interest(third, other.news());
  CHECK(other.news()->empty()); // everybody knows by now
}

TEST_CASE_FIXTURE(link_world, "interest made outside of a reactor is told at once") {
  auto& peer = link(route);
  auto one = make_subscription(join(), "a", "1");
  account->add_interest(one);
  sched.run();
  CHECK(peer.take() == "+a\n");
  account->drop_interest(*one);
  sched.run();
  CHECK(peer.take() == "-a\n");
}

TEST_CASE_FIXTURE(link_world, "a link that comes later is told what there is") {
  auto& alice = join();
  listen(alice, "a");
  listen(alice, "b", "q", "2");
  listen(alice, "b", "q", "3");
  flush();
  auto heard = link(route).take();
  CHECK((heard == "+a\n+b q 2\n" || heard == "+b q 2\n+a\n"));
}

TEST_CASE_FIXTURE(link_world, "interest that comes and goes before it is told leaves no trace") {
  auto& peer = link(route);
  auto one = listen(join(), "a");
  account->drop_interest(*one, routes.news());
  flush();
  CHECK(peer.take().empty());
  CHECK(account->ledger->size() == 0);
}

TEST_CASE_FIXTURE(link_world, "whose interest it is decides who is told of it") {
  auto& to_route = link(route);
  auto& to_gateway = link(gateway_in);
  auto& to_leaf = link(leaf_down, {.cluster = "L1"});
  auto& to_hub = link(leaf_up, {.cluster = "H"});
  auto heard = [&] {
    std::string out;
    for (auto* each : {&to_route, &to_gateway, &to_leaf, &to_hub})
      out += each->take().empty() ? '-' : 'y';
    return out;
  };
  listen(join(), "client");
  flush();
  CHECK(heard() == "yyyy");
  wants(to_route, "routed");
  flush();
  CHECK(heard() == "-yy-");
  wants(link(gateway_out), "gateway");
  flush();
  CHECK(heard() == "--y-");
  wants(link(leaf_down, {.cluster = "L2"}), "leaf");
  flush();
  CHECK(heard() == "yyyy");
  wants(to_leaf, "own");
  flush();
  CHECK(heard() == "yy-y");
  wants(to_hub, "hub");
  flush();
  CHECK(heard() == "--y-");
}

TEST_CASE_FIXTURE(link_world,
                  "a route is told on behalf of which leaf clusters there is interest") {
  auto& peer = link(route);
  auto& old_peer = link(route, {.leaf_origins = false});
  auto& one = link(leaf_down, {.cluster = "L1"});
  auto& two = link(leaf_down, {.cluster = "L2"});
  wants(one, "a", "q", 2);
  wants(two, "a", "q", 3);
  listen(join(), "a", "q");
  flush();
  CHECK(peer.take() == "+(L1) a q 2\n+(L2) a q 3\n+a q 1\n");
  CHECK(old_peer.take() == "+a q 6\n");
  wants_no_more(one, "a", "q");
  flush();
  CHECK(peer.take() == "-(L1) a q\n");
  CHECK(old_peer.take() == "+a q 4\n");
  wants(two, "a", "q", 1);
  flush();
  CHECK(peer.take() == "+(L2) a q 1\n");
}

TEST_CASE_FIXTURE(link_world, "a leaf is told of others like it, never of itself") {
  auto& one = link(leaf_down); // neither has a name
  auto& two = link(leaf_down);
  wants(one, "a");
  flush();
  CHECK(one.take().empty());
  CHECK(two.take() == "+a\n");
  wants(two, "a");
  flush();
  CHECK(one.take() == "+a\n");
  CHECK(two.take().empty());
  wants_no_more(one, "a");
  flush();
  CHECK(two.take() == "-a\n");
  CHECK(one.take().empty());
}

TEST_CASE_FIXTURE(link_world, "of more members than a peer can read only so many are told") {
  auto& peer = link(route);
  for (auto cluster : {"L1", "L2", "L3"})
    wants(link(leaf_down, {.cluster = cluster}), "a", "q", 900'000);
  auto& old_peer = link(route, {.leaf_origins = false});
  flush();
  CHECK(peer.take() == "+(L1) a q 900000\n+(L2) a q 900000\n+(L3) a q 900000\n");
  CHECK(old_peer.take() == "+a q 1000000\n");
}

TEST_CASE_FIXTURE(link_world, "gateways are told no numbers") {
  auto& peer = link(gateway_in);
  auto& from = link(route);
  listen(join(), "a", "q");
  wants(from, "a", "q", 7);
  flush();
  CHECK(peer.take() == "+a q 1\n");
}

TEST_CASE_FIXTURE(link_world, "with RS+ and LS+ of one subject a peer has two interests, or one") {
  auto& told_apart = link(route);
  wants(told_apart, "a");
  wants(told_apart, "a", {}, 1, "L1");
  CHECK(told_apart.wants->size() == 2);
  CHECK(account->interests.size() == 2);
  peer_interest as_one{told_apart.to, false, nullptr};
  CHECK(as_one.put(account, {{}, "b", {}}) == peer_interest::outcome::added);
  CHECK(as_one.put(account, {{}, "b", {}}) == peer_interest::outcome::known);
  CHECK(as_one.put(account, {"L1", "b", {}})
        == peer_interest::outcome::known); // clients want it, too
  CHECK(as_one.size() == 1);
  CHECK(as_one.drop(*account, {{}, "b", {}}));
  CHECK(!as_one.drop(*account, {{}, "b", {}}));
  CHECK(as_one.put(account, {{}, "b..c", {}}) == peer_interest::outcome::invalid);
  CHECK(account->interests.size() == 2);
}

TEST_CASE_FIXTURE(link_world, "with a link goes all that its peer wanted") {
  auto& peer = link(route);
  for (auto subject : {"a", "b.*", "c.>"})
    wants(peer, subject, "q", 3);
  CHECK(account->ledger->size() == 3);
  peer.wants->clear();
  CHECK(account->interests.size() == 0);
  flush();
  CHECK(account->ledger->size() == 0);
  CHECK(say({"a", "x"}) == 0);
}

TEST_CASE_FIXTURE(link_world, "a link that is told more than it may have waiting is cut") {
  auto& slow = link(route, {.max_pending = 200});
  auto& alice = join();
  for (int i = 0; i < 20; ++i)
    listen(alice, "subject." + std::to_string(i), {}, std::to_string(i));
  flush();
  CHECK(slow.heard().overruns == 1);
  CHECK(slow.dest->pending == 0);
}

TEST_CASE_FIXTURE(link_world, "a broker that has routes alone does not count what they want") {
  actors::link_registry few{route};
  auto other = protocol::make_ref<actors::account>("B", size_t{1}, false, &few);
  auto& peer = link(route);
  peer_interest heard{peer.to, true, nullptr};
  heard.put(other, {{}, "a", {}});
  CHECK(other->ledger->size() == 0);
  CHECK(other->interests.size() == 1);
}

TEST_CASE_FIXTURE(link_world, "leaf nodes hear of their own account, and only what concerns it") {
  auto other = protocol::make_ref<actors::account>("B", size_t{1}, false, &links);
  auto& member = link(route);
  auto& in_a = link(leaf_down, {.cluster = "L1"});
  std::swap(account, other);
  auto& in_b = link(leaf_down, {.cluster = "L2"});
  std::swap(account, other);
  auto& alice = join();
  std::vector<actors::subscription_ptr> all;
  for (auto subject : {"x", "y", "z"}) { // of both in one read, by turns
    all.push_back(listen(alice, subject));
    std::swap(account, other);
    all.push_back(listen(alice, subject));
    std::swap(account, other);
  }
  flush();
  CHECK(member.take() == "+x\n+x\n+y\n+y\n+z\n+z\n");
  CHECK(in_a.take() == "+x\n+y\n+z\n");
  CHECK(in_b.take() == "+x\n+y\n+z\n");
  for (size_t i = 1; i < all.size(); i += 2)
    other->drop_interest(*all[i], routes.news());
  flush();
  CHECK(in_a.take().empty());
  CHECK(in_b.take() == "-x\n-y\n-z\n");
}

TEST_CASE_FIXTURE(crowd_world,
                  "of many leaf clusters each is told of the others, and routes of each") {
  auto& first = link(leaf_down, {.cluster = "L1000"});
  auto& last = link(leaf_down, {.cluster = "L1002"});
  auto& stranger = link(leaf_down, {.cluster = "L5"});
  auto& member = link(route);
  come(1);
  CHECK(first.take().empty());
  CHECK(last.take() == "+a\n");
  CHECK(stranger.take() == "+a\n");
  CHECK(member.take() == "+(L1000) a\n");
  come(2);
  CHECK(first.take() == "+a\n");
  CHECK(member.take() == "+(L1001) a\n+(L1002) a\n");
  CHECK(member.told->size() == 3);
  account->drop_interest(*all[1], routes.news());
  account->drop_interest(*all[0], routes.news());
  flush();
  CHECK(first.take().empty());
  CHECK(last.take() == "-a\n");
  CHECK(stranger.take().empty());
  CHECK(member.take() == "-(L1000) a\n-(L1001) a\n");
  auto again = link(route).take(); // who comes later
  CHECK(again == "+(L1002) a\n");
  all.erase(all.begin(), all.begin() + 2);
  leave();
  CHECK(stranger.take() == "-a\n");
  CHECK(member.take() == "-(L1002) a\n");
  CHECK(account->ledger->size() == 0);
}

TEST_CASE_FIXTURE(
    crowd_world, "what a link is told of many leaf clusters costs no more than of one, and a route "
                 "that tells them apart each once") {
  auto& one = link(leaf_down, {.cluster = "L1000"});
  auto& stranger = link(leaf_down, {.cluster = "L5"});
  auto& nameless = link(leaf_down);
  auto& hub = link(leaf_up, {.cluster = "H"});
  auto& site = link(gateway_in);
  auto& member = link(route);
  come(1000);
  CHECK(one.take() == "+a\n");
  for (auto* each : {&one, &stranger, &nameless, &hub, &site})
    CHECK_MESSAGE(each->told->steps() <= 2, each->to->cluster());
  CHECK(member.told->steps() <= 1002);
}

TEST_CASE_FIXTURE(link_world, "names of leaf clusters that are gone are not kept") {
  auto& member = link(route);
  wants(member, "a", {}, 1, "stays");
  for (int i = 0; i < 1000; ++i) {
    auto name = "L" + std::to_string(i);
    wants(member, "b", {}, 1, name);
    wants_no_more(member, "b", {}, name);
  }
  CHECK(member.wants->origins() <= 64);
  CHECK(member.wants->find(*account, {"stays", "a", {}}) != nullptr);
}
