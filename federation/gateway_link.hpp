// federation/gateway_link.hpp: one connection of a gateway: a socket, and the session on it.
#pragma once

#include "actors/reactor.hpp"
#include "federation/gateway_messages.hpp"

#include <optional>

namespace troupe::federation {

/// Spawns the link on `home` for a connected socket; `remote`: whom it was dialled for, nothing if
/// it was accepted. It introduces itself to `boss`, and ends with its socket.
gateway_actor spawn_gateway(caf::actor_system& sys, actors::reactor& home,
                            actors::accepted_ptr socket, uint64_t gid, gateway_terms_ptr mine,
                            std::optional<dialled_gateway> remote, gateways_actor boss);

} // namespace troupe::federation
