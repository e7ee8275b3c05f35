// monitor/counter.hpp: counts an account's connections at all servers, for its limits.
#pragma once

#include "actors/link_registry.hpp"
#include "monitor/announcer.hpp"
#include "monitor/messages.hpp"

#include <functional>

namespace troupe::monitor {

/// What the counter needs besides the stage; outlives it.
struct counting {
  actors::link_registry& links;
  /// The account has too many connections now, with those elsewhere: the newest have to go.
  std::function<void(const actors::account_ptr&)> crowded;
  server_roll* roll = nullptr;          ///< where other servers are kept
  std::function<void()> introduce = {}; ///< somebody has come who should hear of this server
};

/// Listens to what other servers say of accounts that have a limit of connections or leaf nodes
/// (system-events.md 3.5), and says to nobody that it does while there are none. Keeps the roll of
/// other servers. On CAF's scheduler.
counter_actor spawn_counter(caf::actor_system& sys, const stage& on, const counting& around,
                            speech speak);

} // namespace troupe::monitor
