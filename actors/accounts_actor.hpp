// actors/accounts_actor.hpp: the actor that keeps operator mode's accounts up to date.
#pragma once

#include "actors/account_keeper.hpp"
#include "actors/claims_service.hpp"
#include "actors/interfaces.hpp"

#include <memory>

namespace troupe::actors {

struct core;

/// On a thread of its own, for it reads and writes files; it touches no peer's socket. `keeper` has
/// loaded its accounts.
accounts_actor spawn_accounts(caf::actor_system& sys, core& shared,
                              std::unique_ptr<account_keeper> keeper, claims_server self);

} // namespace troupe::actors
