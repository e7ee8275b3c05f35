// actors/supervisor.hpp: starts the actor that keeps the accounts' actors alive.
#pragma once

#include "actors/interfaces.hpp"

#include <vector>

namespace troupe::actors {

class account_registry;

/// Each account is in its answer to `tree`. Those of operators are thousands and mostly quiet, and
/// an actor takes 2 KB: an account's starts with its first client or its first change, and stays.
/// `registry` outlives it; `reactors`: all that may hold connections.
broker_actor spawn_supervisor(caf::actor_system& sys, const account_registry& registry,
                              std::vector<reactor_actor> reactors);

} // namespace troupe::actors
