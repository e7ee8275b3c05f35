// actors/supervisor.hpp: the broker's own actor.
#pragma once

#include "actors/interfaces.hpp"

#include <vector>

namespace troupe::actors {

/// Speaks for the broker in the tree, and keeps one actor alive for each account; later accounts
/// are announced to it.
broker_actor spawn_supervisor(caf::actor_system& sys, std::vector<account_ptr> accounts,
                              std::vector<reactor_actor> reactors);

} // namespace troupe::actors
