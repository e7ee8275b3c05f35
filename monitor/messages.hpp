// monitor/messages.hpp: the actors of the system account, and what they are sent.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/observer.hpp"
#include "federation/messages.hpp"

#include <memory>

namespace troupe::monitor {

using notice_ptr = std::shared_ptr<const actors::notice>;

} // namespace troupe::monitor

CAF_BEGIN_TYPE_ID_BLOCK(troupe_monitor, caf::id_block::troupe_federation::end)
TROUPE_ADD_ATOM(broadcast, "broadcast")
TROUPE_ADD_ATOM(counted, "counted")
TROUPE_ADD_ATOM(farewell, "farewell")
TROUPE_ADD_ATOM(heartbeat, "heartbeat")
TROUPE_ADD_ATOM(leaving, "leaving")
TROUPE_ADD_ATOM(statsz_due, "statszdue")
CAF_ADD_TYPE_ID(troupe_monitor, (troupe::monitor::notice_ptr))
CAF_END_TYPE_ID_BLOCK(troupe_monitor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::monitor::notice_ptr)

namespace troupe::monitor {

/// The ANNOUNCER actor: says in the system account what happens.
using announcer_actor = caf::typed_actor<
    accepts<notice_ptr>,                                  // A connection came, went or was refused.
    accepts<atom::counted, actors::account_ptr, int64_t>, // An account has so many connections.
    accepts<atom::broadcast>,  // Somebody wants this broker's figures on the usual subject, now.
    accepts<atom::statsz_due>, // To itself: it may be time for the figures.
    accepts<atom::heartbeat>,  // To itself: who has connections is said again.
    accepts<atom::leaving>,    // Clients will be sent away; says so.
    answers<bool, atom::farewell>, // The broker ends: says so, unless it is known, and ends.
    answers<actors::tree_ptr, atom::tree>>;

/// The SERVICES actor: answers requests in the system account, from a thread of its own.
using services_actor =
    actors::connection_actor::extend<accepts<atom::leaving>, // Answers nobody any more.
                                     answers<actors::tree_ptr, atom::tree>>;

/// The COUNTER actor: knows how many connections an account with limits has at other servers.
using counter_actor = actors::connection_actor::extend<
    accepts<atom::watch, actors::account_ptr>, // An account came, changed or was removed.
    accepts<atom::heartbeat>,                  // To itself: who has gone, who is new?
    answers<actors::tree_ptr, atom::tree>>;

/// The AUDITOR actor: puts on record who came and who was kept out, from a thread of its own.
using auditor_actor =
    caf::typed_actor<accepts<notice_ptr>,
                     accepts<atom::rules, actors::account_ptr, uint8_t>, // An account has changed,
                                                                         // and how.
                     accepts<atom::shut_down>, answers<actors::tree_ptr, atom::tree>>;

} // namespace troupe::monitor
