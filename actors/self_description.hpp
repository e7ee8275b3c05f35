// actors/self_description.hpp: what a broker says of itself in INFO.
#pragma once

#include "actors/link_keeper.hpp"
#include "actors/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::actors {

/// `host` and `port`: the listener's, before any `advertise`.
void describe_server(settings& s, std::shared_ptr<const security::server_keys> keys,
                     const std::string& host, uint16_t port, bool lame_duck);

/// The same for those who come over a websocket, behind describe_server(); `port` 0: nobody does.
void describe_websocket(settings& s, uint16_t port);

/// Says where else in the cluster clients can go.
void describe_cluster(settings& s, const cluster_view& now, bool lame_duck);

} // namespace troupe::actors
