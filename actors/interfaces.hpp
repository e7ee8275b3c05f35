// actors/interfaces.hpp: what every actor understands; read this file first.
#pragma once

#include "actors/messages.hpp"

namespace troupe::actors {

/// The CONNECTION actor: one client's socket, pinned to its reactor for life.
using connection_actor =
    caf::typed_actor<accepts<atom::deliver, outgoing_ptr>, // Writes a batch to the peer.
                     accepts<atom::await_drain, caf::strong_actor_ptr>, // Says `drained` when few
                                                                        // bytes are waiting.
                     accepts<atom::drained>,     // Somebody this one waited for has caught up.
                     accepts<atom::fenced>,      // What others had for this peer is in its mailbox.
                     accepts<atom::overrun>,     // More than max_pending is waiting: cut it.
                     accepts<atom::shut_down>,   // The broker ends: close it, behind earlier mail.
                     accepts<login_result_ptr>>; // The answer to an expensive password check.

/// A LINK actor: the socket of a route, gateway or leafnode connection, pinned to its reactor.
using link_actor =
    connection_actor::extend<accepts<atom::interest, interest_changes_ptr>>; // Tells its peer, if
                                                                             // that is news to it.

/// The REACTOR actor: the keeper of one loop's connections.
using reactor_actor = caf::typed_actor<
    accepts<atom::adopt, accepted_ptr>,          // Makes a connection of a socket.
    accepts<atom::fence, caf::strong_actor_ptr>, // Says `fenced`; it comes behind earlier batches.
    accepts<atom::publish, broker_messages_ptr>, // Publishes what an internal client has to say.
    accepts<atom::apply, settings_ptr>,          // New settings: each connection is checked anew.
    accepts<atom::announce, settings_ptr>,       // INFO says something new: clients are told.
    answers<census_ptr, atom::rules, account_ptr>, // Brings the account's connections in line;
                                                   // answers which there are.
    accepts<atom::cut, census_ptr>,                // These are too many for their account.
    answers<bool, atom::kick, uint64_t>,           // Closes the client of that cid, if it is here.
    answers<int32_t, atom::advise, uint64_t>, // Advises it to leave: 1 done, 0 it cannot be told,
                                              // -1 it is not here.
    answers<uint64_t, atom::evict, uint64_t>, // Closes so many clients; answers how many are left.
    accepts<atom::shut_down>,                 // Closes all, and ends.
    answers<connections_ptr, atom::describe, connection_query>, answers<tree_ptr, atom::tree>>;

/// Whatever else lives as long as the broker, and can be looked at.
using part_actor = caf::typed_actor<accepts<atom::shut_down>, answers<tree_ptr, atom::tree>>;

/// The LISTENER actor: accepts on one reactor and hands sockets out evenly.
using listener_actor = part_actor;
/// The ACCOUNT actor: the one that speaks for an account.
using account_actor = caf::typed_actor<accepts<atom::rules>, // Its policy has changed: all reactors
                                                             // must act by the new one.
                                       accepts<atom::shut_down>, answers<tree_ptr, atom::tree>>;
/// The ACCOUNTS actor: operator mode's accounts; speaks in the system account. On a thread of its
/// own, for it reads and writes files.
using accounts_actor =
    connection_actor::extend<answers<bool, atom::fetch, std::string>, // Looks for an account, also
                                                                      // elsewhere: is it there?
                             accepts<atom::watch>, // Time to look at files and expiries.
                             accepts<atom::apply, settings_ptr>, // A reload.
                             answers<tree_ptr, atom::tree>>;
/// The BROKER actor: supervisor of the accounts; starts a failed one anew.
using broker_actor =
    caf::typed_actor<accepts<atom::watch, account_ptr>, // One that somebody uses: it gets an actor.
                     accepts<atom::rules, account_ptr>, // One has changed, or was removed.
                     accepts<atom::shut_down>, answers<tree_ptr, atom::tree>>;

} // namespace troupe::actors

CAF_BEGIN_TYPE_ID_BLOCK(troupe_actors, caf::id_block::troupe::end)
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::connection_actor))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::reactor_actor))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::part_actor))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::account_actor))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::accounts_actor))
CAF_ADD_TYPE_ID(troupe_actors, (troupe::actors::link_actor))
CAF_END_TYPE_ID_BLOCK(troupe_actors)
