// test/actors/account_actor_test.cpp: what the actor of an account answers.
#include "actors/account_actor.hpp"
#include "test/actors/actor_world.hpp"

using namespace troupe;
using test::actor_world;

TEST_CASE_FIXTURE(actor_world, "an account's actor shows what all reactors counted for it") {
  auto shared = protocol::make_ref<actors::account>("acme", size_t{2});
  shared->shares[0].in.add(3, 30);
  shared->shares[1].in.add(4, 40);
  shared->shares[1].out.add(1, 5);
  shared->connections = 2;
  auto subscribed = protocol::make_ref<protocol::interest>("a.b");
  REQUIRE(shared->interests.insert(subscribed));
  auto actor = actors::spawn_account(sys, shared);
  auto tree = ask<actors::tree_ptr>(actor, atom::tree_v);
  REQUIRE(tree->size() == 1);
  const auto& mine = tree->front();
  CHECK(mine.path == "broker/account/acme");
  CHECK(mine.state == "2 connections, 1 subscriptions");
  CHECK(mine.in_messages == 7);
  CHECK(mine.in_bytes == 70);
  CHECK(mine.out_messages == 1);
  CHECK(mine.out_bytes == 5);
}

TEST_CASE_FIXTURE(actor_world,
                  "an account's actor ends when it is told to and lets its account go") {
  auto shared = protocol::make_ref<actors::account>("acme", size_t{1});
  auto actor = actors::spawn_account(sys, shared);
  CHECK(!shared->unique());
  self->monitor(actor);
  self->send(actor, atom::shut_down_v);
  sched.run();
  REQUIRE(self->has_next_message());
  self->receive([&](const caf::down_msg& down) { CHECK(!down.reason); });
  CHECK(shared->unique());
}
