// federation/leaf_door.hpp: a hub's socket becomes a websocket before it becomes a link.
#pragma once

#include "actors/reactor.hpp"
#include "config/peer_url.hpp"
#include "federation/leaf_messages.hpp"

#include <cstdint>
#include <string>

namespace troupe::federation {

/// Where a hub was dialled.
struct hub_address {
  config::peer_url url;
  std::string host;     ///< that of the URL, or of an SRV record the one that it has led to
  std::string tls_name; ///< that its certificate has to name
};

/// TLS and the upgrade of `socket`, which was dialled as `number`. `boss` is sent `dialled` again,
/// with a socket that is upgraded, or `gave_up`.
void upgrade_to_websocket(caf::actor_system& sys, actors::reactor& home,
                          const actors::accepted_ptr& socket, const hub_terms& hub,
                          const hub_address& where, uint64_t number, const dial_boss_actor& boss);

} // namespace troupe::federation
