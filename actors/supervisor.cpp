// actors/supervisor.cpp: starts anew what has failed.
#include "actors/supervisor.hpp"

#include "actors/account_actor.hpp"
#include "actors/account_policy.hpp"
#include "actors/log.hpp"

#include <fmt/format.h>

#include <map>
#include <unordered_map>

namespace troupe::actors {
namespace {

/// Restarts what must live. Its children's state is in `core`, so a new actor goes on with it.
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

broker_actor::behavior_type supervise(broker_actor::stateful_pointer<broker_state> self,
                                      std::vector<account_ptr> accounts,
                                      std::vector<reactor_actor> reactors) {
  auto begin = [self, reactors = std::move(reactors)](const account_ptr& which) {
    auto actor = spawn_account(self->system(), which, reactors);
    self->monitor(actor);
    self->state.children.emplace(actor.address(), broker_state::child{actor, which});
    self->state.speakers.insert_or_assign(which.get(), actor.address());
  };
  for (const auto& which : accounts)
    begin(which);
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
      [begin](atom::watch, const account_ptr& which) { begin(which); },
      [self](atom::rules, const account_ptr& which) {
        auto who = self->state.speakers.find(which.get());
        if (who == self->state.speakers.end())
          return;
        const auto& speaker = self->state.children.at(who->second).actor;
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
      [self](atom::tree) {
        auto out = std::make_shared<std::vector<actor_snapshot>>();
        actor_snapshot mine;
        mine.path = "broker";
        mine.place = "scheduler";
        mine.state = fmt::format("{} accounts, {} restarts", self->state.children.size(),
                                 self->state.restarts);
        mine.mailbox = self->mailbox().size();
        out->push_back(std::move(mine));
        for (const auto& [address, child] : self->state.children)
          out->push_back(actor_snapshot_of(*child.which));
        return out;
      },
  };
}

} // namespace

broker_actor spawn_supervisor(caf::actor_system& sys, std::vector<account_ptr> accounts,
                              std::vector<reactor_actor> reactors) {
  return sys.spawn(supervise, std::move(accounts), std::move(reactors));
}

} // namespace troupe::actors
