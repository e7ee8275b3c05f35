// federation/route_link.hpp: one route: a socket, and the session on it.
#pragma once

#include "actors/reactor.hpp"
#include "federation/messages.hpp"

#include <optional>

namespace troupe::federation {

/// Spawns the route on `home` for a connected socket; `remote`: whom it was dialled for, nothing if
/// it was accepted. It introduces itself to `boss`, and ends with its socket. The cluster holds it.
route_actor spawn_route(caf::actor_system& sys, actors::reactor& home, actors::accepted_ptr socket,
                        uint64_t rid, terms_ptr mine, std::optional<dialled_remote> remote,
                        cluster_actor boss);

} // namespace troupe::federation
