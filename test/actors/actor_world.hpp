// test/actors/actor_world.hpp: no threads, no wall clock; nothing runs unless the test says so.
#pragma once

#include "actors/interfaces.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <doctest/doctest.h>

namespace troupe::test {

struct actor_world {
  actor_world() = default;
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;
  ~actor_world() { sched.run(); } // an actor that never ran would hang ~actor_system

  /// Asks, runs every actor dry, then fails if nobody answered (a bare receive would hang).
  template <class Out, class Handle, class... In>
  Out ask(const Handle& whom, In... in) {
    auto pending = self->request(whom, caf::infinite, in...);
    sched.run();
    REQUIRE(self->has_next_message());
    Out out{};
    pending.receive([&](Out& answer) { out = answer; },
                    [&](caf::error& err) { FAIL(sys.render(err)); });
    return out;
  }

  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("testing"));
      add_message_types<caf::id_block::troupe>();
      add_message_types<caf::id_block::troupe_actors>();
    }
  } cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys, true};
  caf::scheduler::test_coordinator& sched =
      dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
};

} // namespace troupe::test
