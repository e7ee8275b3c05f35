// test/actors/router_test.cpp: who gets a message, and who is told that there are too many.
#include "test/actors/router_world.hpp"

using namespace troupe;
using actors::router;
using test::peer;
using test::router_world;

namespace {

/// The peers hear "MSG a 1 1\r\nx\r\n" and nothing else: how often each did.
size_t messages_of(const peer& who) {
  constexpr std::string_view one = "MSG a 1 1\r\nx\r\n";
  const auto& bytes = who.heard().bytes;
  REQUIRE(bytes.size() % one.size() == 0);
  for (size_t at = 0; at < bytes.size(); at += one.size())
    REQUIRE(bytes.substr(at, one.size()) == one);
  return bytes.size() / one.size();
}

} // namespace

TEST_CASE_FIXTURE(router_world, "a subscription made after a publish receives the next one") {
  auto& alice = join();
  CHECK(publish({"a", "x"}) == 0);
  auto sub = subscribe(alice, "a", "1");
  CHECK(publish({"a", "x"}) == 1);
  account->interests.remove(*sub);
  CHECK(publish({"a", "x"}) == 0);
  flush();
  CHECK(messages_of(alice) == 1);
}

TEST_CASE_FIXTURE(router_world, "what is sent to its own publisher goes to its own batch") {
  auto& alice = join();
  auto& bob = join();
  subscribe(alice, "a", "1");
  subscribe(bob, "a", "1");
  CHECK(publish({"a", "x"}, &alice) == 2);
  flush();
  CHECK(alice.heard().batches == 0);
  CHECK(messages_of(bob) == 1);
  REQUIRE(own);
  own->seal();
  CHECK(own->bytes_so_far() == 14);
}

TEST_CASE_FIXTURE(router_world, "with echo off a peer gets everything but its own messages") {
  auto& alice = join();
  auto& bob = join();
  alice.dest->set_quirk(actors::quirk_no_echo, true);
  subscribe(alice, "a", "1");
  subscribe(bob, "a", "1");
  CHECK(publish({"a", "x"}, &alice) == 1);
  CHECK(publish({"a", "x"}, &bob) == 2);
  flush();
  CHECK(messages_of(alice) == 1);
  CHECK(messages_of(bob) == 1);
}

TEST_CASE_FIXTURE(router_world, "exactly one of a queue group gets each message, each gets some") {
  for (auto subject : {"a", "a", "*", ">"})
    subscribe(join(), subject, "1", "workers");
  subscribe(join(), "a", "1", "others");
  subscribe(join(), "a", "1");
  for (int i = 0; i < 400; ++i)
    REQUIRE(publish({"a", "x"}) == 3);
  flush();
  size_t sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    CHECK(messages_of(peers[i]) > 50);
    sum += messages_of(peers[i]);
  }
  CHECK(sum == 400);
  CHECK(messages_of(peers[4]) == 400);
  CHECK(messages_of(peers[5]) == 400);
}

TEST_CASE_FIXTURE(router_world, "a queue group passes over members that cannot take a message") {
  auto& doomed = join();
  auto& publisher = join();
  auto& fit = join();
  publisher.dest->set_quirk(actors::quirk_no_echo, true);
  for (auto* each : {&doomed, &publisher, &fit})
    subscribe(*each, "a", "1", "workers");
  doomed.dest->doom();
  for (int i = 0; i < 50; ++i)
    REQUIRE(publish({"a", "x"}, &publisher) == 1);
  flush();
  CHECK(messages_of(fit) == 50);
  fit.dest->doom();
  CHECK(publish({"a", "x"}, &publisher) == 0);
  flush();
  CHECK(messages_of(fit) == 50);
  CHECK(publisher.heard().batches + doomed.heard().batches == 0);
}

TEST_CASE_FIXTURE(router_world, "auto-unsubscribe lets exactly as many messages through") {
  auto& alice = join();
  auto& bob = join();
  auto sub = subscribe(alice, "a", "1");
  subscribe(bob, "a", "1");
  sub->delivered = 2; // before it got its maximum
  sub->maximum = 7;
  sub->quirks = actors::quirk_limited;
  router other{pool, 9}; // of another reactor
  for (int i = 0; i < 10; ++i)
    CHECK(publish_by(i % 2 ? other : routes, {"a", "x"}) == (i < 5 ? 2 : 1));
  other.flush();
  flush();
  CHECK(messages_of(alice) == 5);
  CHECK(messages_of(bob) == 10);
  CHECK(account->interests.count_interest("a") == 1);
}

TEST_CASE_FIXTURE(router_world,
                  "a subscription that has had all its messages gets none while it goes") {
  auto sub = subscribe(join(), "a", "1");
  sub->delivered = 7; // another reactor has counted the last, and not removed it yet
  sub->maximum = 7;
  sub->quirks = actors::quirk_limited;
  CHECK(publish({"a", "x"}) == 0);
}

TEST_CASE_FIXTURE(router_world, "a queue member that has had its share makes room for the others") {
  auto& alice = join();
  auto& bob = join();
  auto limited = subscribe(alice, "a", "1", "workers");
  subscribe(bob, "a", "1", "workers");
  limited->maximum = 3;
  limited->quirks = actors::quirk_limited;
  for (int i = 0; i < 100; ++i)
    REQUIRE(publish({"a", "x"}) == 1);
  flush();
  CHECK(messages_of(alice) == 3);
  CHECK(messages_of(bob) == 97);
}

TEST_CASE_FIXTURE(router_world, "a filtered subscription gets what its user may see, only") {
  auto& alice = join();
  auto sub = make_subscription(alice, ">", "1");
  security::permission_rules rules;
  rules.subscribe.deny = {"secret.>"};
  sub->filter = protocol::make_ref<const security::permissions>(rules);
  sub->quirks = actors::quirk_filtered;
  REQUIRE(account->interests.insert(sub));
  CHECK(publish({"secret.plan", "x"}) == 0);
  CHECK(publish({"a", "x"}) == 1);
  flush();
  CHECK(messages_of(alice) == 1);
}

TEST_CASE_FIXTURE(router_world, "reply subjects are noted for the peers that may answer on them") {
  auto& bound = join();
  auto& free = join();
  bound.dest->set_quirk(actors::quirk_tracks_replies, true);
  subscribe(bound, "a", "1");
  subscribe(free, "a", "1");
  publish({"a", "x", "_INBOX.1"});
  publish({"a", "x"});
  publish({"a", "x", "_INBOX.2"});
  flush();
  CHECK(bound.heard().replies == std::vector<std::string>{"_INBOX.1", "_INBOX.2"});
  CHECK(free.heard().replies.empty());
}

TEST_CASE_FIXTURE(router_world, "over max_pending a peer hears one overrun and nothing else") {
  auto& slow = join({.max_pending = 100});
  auto& fast = join();
  subscribe(slow, "a", "1");
  subscribe(fast, "a", "1");
  for (int i = 0; i < 7; ++i)
    publish({"a", "x"}); // 98 bytes: just fits
  flush();
  CHECK(slow.dest->pending == 98);
  CHECK(slow.heard().overruns == 0);
  publish({"a", "x"});
  flush();
  CHECK(slow.heard().overruns == 1);
  for (int i = 0; i < 5; ++i) {
    CHECK(publish({"a", "x"}) == 1);
    flush();
  }
  CHECK(slow.heard().overruns == 1);
  CHECK(slow.heard().other == 0);
  CHECK(messages_of(slow) == 7);
  CHECK(slow.dest->pending == 98);
  CHECK(messages_of(fast) == 13);
}

TEST_CASE_FIXTURE(router_world, "of two reactors that overrun a peer, one says so") {
  auto& slow = join({.max_pending = 20});
  subscribe(slow, "a", "1");
  router other{pool, 9};
  for (int i = 0; i < 2; ++i) {
    publish({"a", "x"});
    publish_by(other, {"a", "x"});
  }
  other.flush();
  flush();
  CHECK(slow.heard().overruns == 1);
  CHECK(slow.heard().batches == 0);
}

TEST_CASE_FIXTURE(router_world, "a moving peer above the high-water mark is congested") {
  auto& alice = join();
  auto& bob = join();
  subscribe(alice, "a", "1");
  subscribe(bob, "b", "1");
  alice.dest->pending = router::high_water - 14;
  publish({"a", "x"});
  publish({"b", "x"});
  flush();
  CHECK(routes.congested().empty());
  publish({"a", "x"});
  publish({"b", "x"});
  flush();
  REQUIRE(routes.congested().size() == 1);
  CHECK(routes.congested()[0] == alice.dest);
  alice.dest->moving = false; // waiting for it is not worth while
  publish({"a", "x"});
  flush();
  CHECK(routes.congested().empty());
  alice.dest->pending = alice.dest->max_pending / 4 * 3;
  publish({"a", "x"});
  flush();
  CHECK(routes.congested().size() == 1); // unless it is nearly full
  flush();
  CHECK(routes.congested().empty());
}

TEST_CASE_FIXTURE(router_world,
                  "a slot that changes hands mid-read keeps both owners' mail apart") {
  auto& before = join_at(3);
  auto& after = join_at(3);
  auto sub = subscribe(before, "a", "1");
  publish({"a", "x"});
  publish({"a", "x"});
  account->interests.remove(*sub);
  subscribe(after, "a", "1");
  publish({"a", "x"});
  flush();
  CHECK(messages_of(before) == 2);
  CHECK(messages_of(after) == 1);
  CHECK(before.heard().batches == 1);
}

TEST_CASE_FIXTURE(router_world,
                  "a line known of a subscription that died mid-read is not used again") {
  auto& before = join_at(3);
  auto& after = join_at(3);
  subscribe(after, "b", "7");
  auto sub = subscribe(before, "a", "1");
  const void* place = sub.get();
  publish({"a", "x"});
  account->interests.remove(*sub);
  sub.reset();
  publish({"a", "x"});      // forgets the result that named it
  publish({"b", "x", "r"}); // takes the slot: the first owner's batch leaves at once
  sched.run();
  auto next = subscribe(after, "a", "2"); // an allocator is likely to put it in the same place
  INFO("in the same place: ", next.get() == place);
  publish({"a", "x"});
  flush();
  CHECK(after.heard().bytes == "MSG b 7 r 1\r\nx\r\nMSG a 2 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(router_world, "a peer whose actor has gone costs nothing but its messages") {
  auto& gone = join();
  auto& there = join();
  subscribe(gone, "a", "1");
  subscribe(there, "a", "1");
  gone.actor = nullptr;
  sched.run();
  publish({"a", "x"});
  flush();
  CHECK(gone.dest->pending == 0);
  CHECK(gone.heard().batches == 0);
  CHECK(messages_of(there) == 1);
}

TEST_CASE_FIXTURE(router_world, "a subject in use is remembered while thousands come and go") {
  auto& memory = routes.memory_of(*account);
  auto find_again = [&](const std::string& subject) {
    memory.find(subject, *account); // once is not enough to be remembered
    return memory.find(subject, *account);
  };
  auto kept = find_again("kept");
  auto idle_id = find_again("idle")->id;
  for (int i = 0; i < 20'000; ++i) {
    find_again("passing." + std::to_string(i));
    if (i % 1000 == 0)
      REQUIRE(memory.find("kept", *account)->id == kept->id);
  }
  CHECK(memory.find("idle", *account)->id != idle_id);
  CHECK(memory.find("_GR_.x", *account)->reserved);
  CHECK(memory.find("$NRG.x", *account)->reserved_outside);
  CHECK(!kept->reserved);
}

TEST_CASE_FIXTURE(router_world, "subjects that are used once push out nothing") {
  auto& memory = routes.memory_of(*account);
  memory.find("kept", *account);
  auto kept = memory.find("kept", *account);
  for (int i = 0; i < 20'000; ++i)
    memory.find("passing." + std::to_string(i), *account);
  CHECK(memory.find("kept", *account)->id == kept->id);
}

TEST_CASE_FIXTURE(router_world, "a subject that no cache has room for is matched once a message") {
  auto& alice = join();
  subscribe(alice, "r.*", "1");
  for (int i = 0; i < 100'000; ++i) // more than are kept
    account->interests.match("known." + std::to_string(i));
  auto before = account->interests.stats().matches;
  publish({"r.1", "x"});
  publish({"r.2", "x"});
  CHECK(account->interests.stats().matches == before + 2);
  SUBCASE("and a subscriber who comes later is not missed") {
    auto& bob = join();
    subscribe(bob, "r.1", "1");
    publish({"r.1", "x"});
    flush();
    CHECK(bob.heard().batches == 1);
  }
  SUBCASE("and neither is one who comes while a publisher keeps the subject") {
    auto kept = routes.memory_of(*account).find("r.3", *account);
    protocol::publication pub;
    pub.subject = "r.3";
    std::string_view wire = "x\r\n";
    pub.data = wire.substr(0, 1);
    actors::outgoing_ptr mine;
    actors::routed_message msg{pub, nullptr, nullptr, mine};
    CHECK(routes.deliver(*account, *kept, msg) == 1);
    auto& bob = join();
    subscribe(bob, "r.3", "1");
    CHECK(routes.deliver(*account, *kept, msg) == 2);
  }
}
