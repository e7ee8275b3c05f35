// actors/account_actor.hpp: starts the actor that speaks for one account.
#pragma once

#include "actors/account.hpp"
#include "actors/interfaces.hpp"

#include <string>
#include <vector>

namespace troupe::actors {

/// What it knows of a leaf node's LINK actor.
using account_link_actor =
    link_actor::extend<accepts<atom::cut, std::string, std::string>>; // Ends it: what the peer is
                                                                      // told, and the log.

/// Runs on CAF's scheduler; messages of clients never pass through it. `reactors`: all that may
/// hold connections of the account.
account_actor spawn_account(caf::actor_system& sys, account_ptr shared,
                            std::vector<reactor_actor> reactors = {});

/// Sums what all reactors counted.
account_snapshot snapshot_of(const account& which);
/// Its line in the actor tree; the mailbox is not looked at.
actor_snapshot actor_snapshot_of(const account& which);

} // namespace troupe::actors
