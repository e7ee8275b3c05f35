// federation/leaf_link.hpp: one link of a leaf node: a socket, and the session on it.
#pragma once

#include "actors/reactor.hpp"
#include "federation/leaf_messages.hpp"

#include <optional>

namespace troupe::federation {

/// Spawns the link on `home` for a connected socket; `hub`: whom it was dialled for, nothing if it
/// was accepted. It introduces itself to `boss`, and ends with its socket.
leaf_actor spawn_leaf(caf::actor_system& sys, actors::reactor& home, actors::accepted_ptr socket,
                      uint64_t lid, leaf_terms_ptr mine, std::optional<dialled_hub> hub,
                      leafs_actor boss);

} // namespace troupe::federation
