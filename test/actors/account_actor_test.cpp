// test/actors/account_actor_test.cpp: what the actor of an account answers.
#include "actors/account_actor.hpp"
#include "actors/account_registry.hpp"
#include "actors/link_registry.hpp"
#include "actors/supervisor.hpp"
#include "test/actors/actor_world.hpp"

#include <algorithm>
#include <map>
#include <string>

using namespace troupe;
using protocol::peer_role;
using test::actor_world;

namespace {

actors::reactor_actor::behavior_type act_as_reactor(actors::reactor_actor::pointer,
                                                    std::vector<uint64_t>* clients) {
  return {
      [](atom::adopt, const actors::accepted_ptr&) {},
      [](atom::fence, const caf::strong_actor_ptr&) {},
      [](atom::publish, const actors::broker_messages_ptr&) {},
      [](atom::apply, const actors::settings_ptr&) {},
      [](atom::announce, const actors::settings_ptr&) {},
      [clients](atom::rules, const actors::account_ptr&) {
        return std::make_shared<std::vector<uint64_t>>(*clients);
      },
      [clients](atom::cut, const actors::census_ptr& excess) {
        std::erase_if(*clients, [&](auto cid) {
          return std::find(excess->begin(), excess->end(), cid) != excess->end();
        });
      },
      [](atom::kick, uint64_t) { return false; },
      [](atom::advise, uint64_t) { return int32_t{0}; },
      [](atom::evict, uint64_t) { return uint64_t{0}; },
      [](atom::shut_down) {},
      [](atom::describe, const actors::connection_query&) { return actors::connections_ptr{}; },
      [](atom::tree) { return actors::tree_ptr{}; },
  };
}

/// Notes which leaf node was cut, and what it was told.
actors::account_link_actor::behavior_type act_as_leaf(actors::account_link_actor::pointer,
                                                      uint64_t cid,
                                                      std::map<uint64_t, std::string>* cut) {
  return {
      [](atom::deliver, const actors::outgoing_ptr&) {},
      [](atom::await_drain, const caf::strong_actor_ptr&) {},
      [](atom::drained) {},
      [](atom::fenced) {},
      [](atom::overrun) {},
      [](atom::shut_down) {},
      [](const actors::login_result_ptr&) {},
      [](atom::interest, const actors::interest_changes_ptr&) {},
      [cut, cid](atom::cut, const std::string& error, const std::string&) {
        cut->emplace(cid, error);
      },
  };
}

struct link_book { // outlives the accounts
  actors::link_registry links{peer_role::leaf_down, peer_role::leaf_up};
};

/// An account with clients on two reactors and links to leaf nodes and hubs; numbers grow with
/// time.
struct crowded_world : link_book, actor_world {
  crowded_world() {
    allow(-1);
    for (auto* each : {&clients[0], &clients[1]})
      reactors.push_back(sys.spawn(act_as_reactor, each));
    actor = actors::spawn_account(sys, registry.find("acme"), reactors);
  }
  ~crowded_world() {
    self->send(actor, atom::shut_down_v);
    for (const auto& each : leafs)
      links.remove(*each);
    for (const auto& each : handles)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    for (const auto& each : reactors)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    sched.run();
  }

  void allow(int64_t connections) {
    security::account_rules rules;
    rules.name = "acme";
    rules.limits.connections = connections;
    REQUIRE(registry.put(rules).empty());
  }
  void link(uint64_t cid, peer_role role) {
    auto one = protocol::make_ref<actors::link_destination>(cid, static_cast<uint32_t>(cid), role,
                                                            int64_t{1} << 20);
    handles.push_back(sys.spawn(act_as_leaf, cid, &cut));
    one->mailbox = caf::actor_cast<caf::weak_actor_ptr>(handles.back());
    one->account = registry.find("acme");
    links.add(one);
    leafs.push_back(std::move(one));
  }
  void trim() {
    self->send(actor, atom::rules_v);
    sched.run();
  }

  using cids = std::vector<uint64_t>;
  actors::account_registry registry{1, "$SYS", {}, {}, &links};
  cids clients[2];
  std::vector<actors::reactor_actor> reactors;
  std::vector<actors::account_link_actor> handles;
  std::vector<actors::link_destination_ptr> leafs;
  std::map<uint64_t, std::string> cut; ///< leaf nodes and hubs
  actors::account_actor actor;
};

} // namespace

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

TEST_CASE_FIXTURE(crowded_world,
                  "of an account's clients and leaf nodes those that came first stay") {
  clients[0] = {1, 4, 7};
  clients[1] = {2};
  link(3, peer_role::leaf_down);
  link(5, peer_role::leaf_up);
  link(6, peer_role::leaf_down);
  for (int64_t limit : {-1, 7}) {
    allow(limit);
    trim();
  }
  CHECK(clients[0].size() + clients[1].size() == 4);
  CHECK(cut.empty());
  allow(4);
  trim();
  CHECK(clients[0] == cids{1, 4});
  CHECK(clients[1] == cids{2});
  constexpr auto words = "maximum account active connections exceeded";
  CHECK(cut == std::map<uint64_t, std::string>{{5, words}, {6, words}});
}

TEST_CASE_FIXTURE(crowded_world,
                  "clients of an account elsewhere take the room of clients and leaf "
                  "nodes here") {
  clients[0] = {1, 3};
  link(2, peer_role::leaf_down);
  link(4, peer_role::leaf_down);
  allow(4);
  registry.find("acme")->connections_elsewhere = 2;
  registry.find("acme")->leafnodes_elsewhere = 9; // of these only another limit speaks
  trim();
  CHECK(clients[0] == cids{1});
  CHECK(cut.size() == 1);
  CHECK(cut.contains(4));
  registry.find("acme")->connections_elsewhere = 9;
  trim();
  CHECK(clients[0].empty());
  CHECK(cut.size() == 2);
}

TEST_CASE_FIXTURE(crowded_world, "a leaf node that goes already takes nobody's room") {
  clients[0] = {2};
  link(1, peer_role::leaf_down);
  leafs[0]->doom();
  allow(1);
  trim();
  CHECK(clients[0] == cids{2});
}
