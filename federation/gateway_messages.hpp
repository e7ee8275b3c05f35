// federation/gateway_messages.hpp: what the actors of gateways send each other.
#pragma once

#include "federation/gateway_terms.hpp"
#include "federation/messages.hpp"

#include <cstdint>
#include <string>

namespace troupe::federation {

/// The GATEWAY actor: one connection between two clusters, pinned to its reactor.
using gateway_actor = actors::link_actor::extend<
    accepts<gateway_admission_ptr>,            // The answer to its introduction.
    accepts<atom::tell, std::string>,          // A line for the peer, once it is admitted.
    accepts<atom::go_on>,                      // To itself: more of the interest has to be told.
    accepts<atom::rules, gateway_terms_ptr>,   // New settings.
    accepts<atom::cut, std::string>,           // Ends it, for the reason that is given.
    accepts<atom::watch, actors::account_ptr>, // An account came, changed or was removed.
    answers<gateways_ptr, atom::describe, bool, bool>, // Of this one; with its accounts or not, and
                                                       // with what the peer wants there.
    answers<actors::tree_ptr, atom::tree>>;

/// The GATEWAYS actor: knows all other clusters, and which of them to dial.
using gateways_actor = dial_boss_actor::extend<
    accepts<atom::adopt, actors::accepted_ptr>, // A peer has come.
    accepts<gateway_introduction_ptr>,          // Answered by an admission.
    accepts<gateway_news_ptr>,                  // Where a cluster's members are reached.
    accepts<atom::watch, actors::account_ptr>,  // An account came, changed or was removed.
    accepts<atom::apply, actors::settings_ptr>, // A reload.
    accepts<atom::apply>,                       // The members of our cluster have changed.
    accepts<atom::shut_down>,                   // Ends all links, then itself.
    answers<gateways_ptr, atom::describe, bool, bool>, answers<actors::tree_ptr, atom::tree>>;

} // namespace troupe::federation
