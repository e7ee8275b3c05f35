// test/actors/account_registry_test.cpp: who hears of which change, and who has to go.
#include "actors/account_actor.hpp"
#include "actors/account_policy.hpp"
#include "actors/account_registry.hpp"
#include "test/actors/actor_world.hpp"

#include <thread>

using namespace troupe;
using actors::account_registry;
using security::account_rules;
using test::actor_world;

namespace {

account_rules rules_of(std::string name) {
  account_rules out;
  out.name = std::move(name);
  return out;
}

struct registry_world {
  registry_world() {
    registry.listen([this](const auto& which) { made.push_back(which->name); },
                    [this](const auto& which) { changed.push_back(which->name); });
  }
  std::vector<std::string> take_changed() { return std::exchange(changed, {}); }

  account_registry registry{2, "$SYS"};
  std::vector<std::string> made, changed;
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(registry_world, "an account is made once, whoever asks first") {
  CHECK(!registry.find("acme"));
  auto acme = registry.named("acme");
  CHECK(registry.find("acme") == acme);
  CHECK(registry.named("acme") == acme);
  CHECK(made == names{"acme"});
  CHECK(registry.named("$G") == registry.global);
  CHECK(registry.named("$SYS") == registry.system);
  CHECK(registry.system->is_system);
  CHECK(!acme->is_system);
  CHECK(registry.size() == 3);
}

TEST_CASE_FIXTURE(registry_world, "a policy is in force when put() returns, and told once") {
  auto acme = rules_of("acme");
  acme.limits.payload = 5;
  CHECK(registry.put(acme).empty());
  CHECK(made == names{"acme"});
  CHECK(take_changed() == names{"acme"});
  CHECK(registry.find("acme")->policy()->rules == acme);
  registry.put(acme);
  CHECK(take_changed().empty());
  acme.limits.payload = 6;
  registry.put(acme);
  CHECK(take_changed() == names{"acme"});
  CHECK(registry.find("acme")->policy()->rules.limits.payload == 6);
}

TEST_CASE_FIXTURE(registry_world, "who holds a policy keeps it whole while it is replaced") {
  auto acme = rules_of("acme");
  acme.limits.connections = 1;
  registry.put(acme);
  auto held = registry.find("acme")->policy();
  acme.limits.connections = 2;
  registry.put(acme);
  CHECK(held->rules.limits.connections == 1);
  CHECK(registry.find("acme")->policy()->rules.limits.connections == 2);
}

TEST_CASE_FIXTURE(registry_world, "applying a configuration touches only what differs from it") {
  auto a = rules_of("a");
  auto b = rules_of("b");
  registry.apply({a, b});
  auto first_a = registry.find("a");
  take_changed();
  b.limits.subscriptions = 3;
  auto c = rules_of("c");
  c.limits.payload = 1;
  registry.apply({b, c});
  CHECK(!registry.find("a"));
  CHECK(first_a->policy()->removed);
  auto told = take_changed();
  std::sort(told.begin(), told.end());
  CHECK(told == names{"a", "b", "c"});
  registry.apply({b, c});
  CHECK(take_changed().empty());
}

TEST_CASE_FIXTURE(registry_world, "the global and the system account stay, and lose their rules") {
  auto global = rules_of("$G");
  global.limits.payload = 7;
  registry.apply({global});
  CHECK(registry.global->policy()->rules.limits.payload == 7);
  CHECK(!registry.remove("$G"));
  CHECK(!registry.remove("$SYS"));
  registry.apply({});
  CHECK(registry.find("$G") == registry.global);
  CHECK(registry.global->policy()->rules.limits.payload == -1);
  CHECK(!registry.global->policy()->removed);
}

TEST_CASE_FIXTURE(registry_world, "an account that comes again after its removal is another one") {
  auto first = registry.named("acme");
  CHECK(!registry.remove("nobody"));
  CHECK(registry.remove("acme", protocol::errc::authorization_violation));
  CHECK(first->policy()->removed);
  CHECK(first->policy()->farewell == protocol::errc::authorization_violation);
  CHECK(take_changed() == names{"acme"});
  auto second = registry.named("acme");
  CHECK(second != first);
  CHECK(!second->policy()->removed);
}

TEST_CASE_FIXTURE(registry_world, "the smaller of two limits holds, and none is no limit") {
  auto acme = rules_of("acme");
  acme.limits.payload = 10;
  acme.limits.subscriptions = 2;
  registry.put(acme);
  auto policy = registry.find("acme")->policy();
  CHECK(policy->max_payload(5) == 5);
  CHECK(policy->max_payload(20) == 10);
  CHECK(policy->max_payload(-1) == 10);
  CHECK(policy->admits_subscription(1, 0));
  CHECK(!policy->admits_subscription(2, 0));
  CHECK(!policy->admits_subscription(1, 1));
  auto free = registry.global->policy();
  CHECK(free->max_payload(5) == 5);
  CHECK(free->max_payload(-1) == -1);
  CHECK(free->admits_subscription(1'000'000, 0));
  CHECK(!free->admits_subscription(3, 3));
}

TEST_CASE("ten thousand accounts are found while others change them") {
  account_registry registry{1, "$SYS"};
  std::vector<account_rules> all;
  for (int i = 0; i < 10'000; ++i)
    all.push_back(rules_of("tenant" + std::to_string(i)));
  registry.apply(all);
  CHECK(registry.size() == 10'002);
  std::thread changer{[&] {
    for (int i = 0; i < 2'000; ++i) {
      auto one = rules_of("tenant" + std::to_string(i));
      one.limits.payload = i;
      registry.put(one);
      registry.remove("tenant" + std::to_string(9'999 - i));
    }
  }};
  for (int i = 2'000; i < 8'000; ++i)
    CHECK(registry.named("tenant" + std::to_string(i))->policy()->rules == all[size_t(i)]);
  changer.join();
  CHECK(registry.size() == 8'002);
  CHECK(registry.find("tenant1999")->policy()->rules.limits.payload == 1'999);
}

// -- the account's actor

namespace {

/// A reactor that has some connections and writes down whom it is told to cut.
struct fake_reactor {
  std::vector<uint64_t> cids;
  std::vector<uint64_t> cut;
  size_t told = 0;
};

actors::reactor_actor::behavior_type pretend(actors::reactor_actor::pointer self,
                                             std::shared_ptr<fake_reactor> me) {
  return {
      [](atom::adopt, const actors::accepted_ptr&) {},
      [](atom::fence, const caf::strong_actor_ptr&) {},
      [](atom::publish, const actors::broker_messages_ptr&) {},
      [](atom::apply, const actors::settings_ptr&) {},
      [](atom::announce, const actors::settings_ptr&) {},
      [me](atom::rules, const actors::account_ptr&) {
        ++me->told;
        return std::make_shared<std::vector<uint64_t>>(me->cids);
      },
      [me](atom::cut, const actors::census_ptr& excess) { me->cut = *excess; },
      [](atom::kick, uint64_t) { return false; },
      [](atom::advise, uint64_t) { return int32_t{-1}; },
      [](atom::evict, uint64_t) { return uint64_t{0}; },
      [self](atom::shut_down) { self->quit(); },
      [](atom::describe, const actors::connection_query&) { return actors::connections_ptr{}; },
      [](atom::tree) { return actors::tree_ptr{}; },
  };
}

} // namespace

TEST_CASE_FIXTURE(actor_world, "when an account may have fewer connections the newest go") {
  auto left = std::make_shared<fake_reactor>(fake_reactor{{3, 9, 1}, {}, 0});
  auto right = std::make_shared<fake_reactor>(fake_reactor{{7, 2}, {}, 0});
  account_registry registry{2, "$SYS"};
  auto rules = rules_of("acme");
  registry.put(rules);
  auto actor = actors::spawn_account(sys, registry.find("acme"),
                                     {sys.spawn(pretend, left), sys.spawn(pretend, right)});
  self->send(actor, atom::rules_v);
  sched.run();
  CHECK(left->told == 1);
  CHECK(right->told == 1);
  CHECK(left->cut.empty());
  rules.limits.connections = 3;
  registry.put(rules);
  self->send(actor, atom::rules_v);
  sched.run();
  CHECK(left->cut == std::vector<uint64_t>{7, 9});
  CHECK(right->cut == std::vector<uint64_t>{7, 9});
  self->send(actor, atom::shut_down_v);
  sched.run();
}
