// test/actors/account_actor_test.cpp: what the actor of an account answers.
#include "actors/account_actor.hpp"
#include "actors/account_registry.hpp"
#include "actors/supervisor.hpp"
#include "test/actors/actor_world.hpp"

#include <map>
#include <string>

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

TEST_CASE_FIXTURE(
    actor_world, "every account is in the tree; an actor it gets with its first client or change") {
  actors::account_registry registry{1, "$SYS"};
  for (auto name : {"acme", "beta", "quiet"}) {
    security::account_rules rules;
    rules.name = name;
    registry.put(rules);
  }
  auto supervisor = actors::spawn_supervisor(sys, registry, {});
  auto places = [&] {
    std::map<std::string, std::string> out;
    auto tree = ask<actors::tree_ptr>(supervisor, atom::tree_v);
    for (const auto& each : *tree)
      out[each.path] = each.place;
    return out;
  };
  auto before = places();
  CHECK(before.size() == 6);
  CHECK(before["broker/account/$G"] == "scheduler");
  CHECK(before["broker/account/acme"] == "asleep");
  self->send(supervisor, atom::watch_v, registry.find("acme")); // a client came
  self->send(supervisor, atom::watch_v, registry.find("acme"));
  self->send(supervisor, atom::rules_v, registry.find("beta")); // its rules have changed
  auto after = places();
  CHECK(after["broker/account/acme"] == "scheduler");
  CHECK(after["broker/account/beta"] == "scheduler");
  CHECK(after["broker/account/quiet"] == "asleep");
  auto gone = registry.find("quiet");
  registry.remove("quiet");
  self->send(supervisor, atom::rules_v, gone);
  self->send(supervisor, atom::watch_v, gone); // of a client that was on its way in
  CHECK(places().count("broker/account/quiet") == 0);
  self->send(supervisor, atom::shut_down_v);
  sched.run();
  CHECK(gone->unique()); // its actor has gone
}
