// federation/leaf_messages.hpp: what the actors of leaf nodes send each other.
#pragma once

#include "actors/leaf_snapshot.hpp"
#include "federation/leaf_terms.hpp"
#include "federation/messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::federation {

/// A hub's cluster can be reached at these.
struct hub_news {
  uint64_t lid = 0;
  std::vector<std::string> urls; ///< "host:port"
};

/// The LEAF actor: one link between a leaf node and its hub, pinned to its reactor.
using leaf_actor = actors::link_actor::extend<
    accepts<leaf_admission_ptr>,                  // The answer to its introduction.
    accepts<atom::go_on>,                         // To itself: more of the interest has to be told.
    accepts<atom::rules, leaf_terms_ptr>,         // New settings.
    accepts<atom::cut, std::string, std::string>, // Ends it: what the peer is told, and the log.
    accepts<atom::watch, actors::account_ptr>,    // An account came, changed or was removed.
    answers<leafs_ptr, atom::describe, bool>,     // Of this one; with subscriptions or not.
    answers<actors::tree_ptr, atom::tree>>;

/// The LEAFS actor: knows all leaf nodes' links and which hubs to dial.
using leafs_actor = dial_boss_actor::extend<
    accepts<atom::adopt, actors::accepted_ptr>,  // A leaf node has come.
    accepts<leaf_introduction_ptr>,              // Answered by an admission.
    accepts<hub_news_ptr>,                       // Where else a hub can be reached.
    accepts<atom::hold_off, uint64_t, uint64_t>, // Of a link: its hub is not dialled for so many
                                                 // milliseconds.
    accepts<atom::watch, actors::account_ptr>,   // An account came, changed or was removed.
    accepts<atom::apply, actors::settings_ptr>,  // A reload.
    accepts<atom::shut_down>,                    // Ends all links, then itself.
    answers<leafs_ptr, atom::describe, bool>, answers<actors::tree_ptr, atom::tree>>;

} // namespace troupe::federation
