// actors/supervisor.cpp: an actor for each account that is in use, started anew when it fails.
#include "actors/supervisor.hpp"

#include "actors/account_actor.hpp"
#include "actors/account_policy.hpp"
#include "actors/account_registry.hpp"
#include "actors/log.hpp"

#include <fmt/format.h>

#include <map>
#include <unordered_map>

namespace troupe::actors {
namespace {

/// Its children's state is in `core`, so a new actor goes on with it.
struct broker_state {
  static inline const char* name = "broker";
  struct child {
    account_actor actor; // the one handle that keeps it alive
    account_ptr which;
  };
  std::map<caf::actor_addr, child> children;
  std::unordered_map<const account*, caf::actor_addr> speakers; // whose child speaks for it
  uint64_t restarts = 0;
};

using broker_pointer = broker_actor::stateful_pointer<broker_state>;

tree_ptr tree_of(broker_pointer self, const account_registry& registry) {
  const auto& state = self->state;
  auto all = registry.all();
  auto out = std::make_shared<std::vector<actor_snapshot>>();
  out->reserve(all.size() + 1);
  actor_snapshot mine;
  mine.path = "broker";
  mine.place = "scheduler";
  mine.state = fmt::format("{} accounts, {} of them in use, {} restarts", all.size(),
                           state.children.size(), state.restarts);
  mine.mailbox = self->mailbox().size();
  out->push_back(std::move(mine));
  for (const auto& which : all) {
    auto& one = out->emplace_back(actor_snapshot_of(*which));
    if (!state.speakers.contains(which.get()))
      one.place = "asleep";
  }
  return out;
}

broker_actor::behavior_type supervise(broker_pointer self, const account_registry* registry,
                                      std::vector<reactor_actor> reactors) {
  auto begin = [self, reactors = std::move(reactors)](const account_ptr& which) {
    auto actor = spawn_account(self->system(), which, reactors);
    self->monitor(actor);
    self->state.children.emplace(actor.address(), broker_state::child{actor, which});
    self->state.speakers.insert_or_assign(which.get(), actor.address());
  };
  auto wake = [self, begin](const account_ptr& which) {
    if (!self->state.speakers.contains(which.get()))
      begin(which);
  };
  wake(registry->global);
  wake(registry->system);
  self->set_down_handler([self, begin](caf::down_msg& down) {
    auto it = self->state.children.find(down.source);
    if (it == self->state.children.end())
      return;
    auto which = it->second.which;
    self->state.children.erase(it);
    if (!down.reason) { // its account was removed
      self->state.speakers.erase(which.get());
      return;
    }
    ++self->state.restarts;
    log::error("The actor of account {} failed ({}), starting it anew", which->name,
               self->system().render(down.reason));
    begin(which);
  });
  return {
      [wake](atom::watch, const account_ptr& which) {
        if (!which->policy()->removed) // else it has just been told to end
          wake(which);
      },
      [self, wake](atom::rules, const account_ptr& which) {
        wake(which); // a client may have come whose `watch` is still on its way
        const auto& speaker = self->state.children.at(self->state.speakers.at(which.get())).actor;
        self->send(speaker, atom::rules_v);
        if (which->policy()->removed)
          self->send(speaker, atom::shut_down_v); // nobody needs to be counted any more
      },
      [self](atom::shut_down) {
        self->set_down_handler([](caf::down_msg&) {});
        for (const auto& [address, child] : self->state.children)
          self->send(child.actor, atom::shut_down_v);
        self->quit();
      },
      [self, registry](atom::tree) { return tree_of(self, *registry); },
  };
}

} // namespace

broker_actor spawn_supervisor(caf::actor_system& sys, const account_registry& registry,
                              std::vector<reactor_actor> reactors) {
  return sys.spawn(supervise, &registry, std::move(reactors));
}

} // namespace troupe::actors
