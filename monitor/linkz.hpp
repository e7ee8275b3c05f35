// monitor/linkz.hpp: /routez; /gatewayz of a broker that has no such links.
#pragma once

#include "actors/link_keeper.hpp"
#include "actors/snapshot.hpp"
#include "monitor/connz.hpp"
#include "monitor/source.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::monitor {

/// What a reader of routes wants.
struct routez_request {
  subscription_detail subscriptions = subscription_detail::none;
};

/// `fault` is empty, or the 400 answer.
routez_request read_routez_request(const query& from, std::string& fault);

/// `server`: for its id, name and cluster permissions (monitoring.md section 6).
nlohmann::ordered_json routez(const server_facts& server,
                              const std::vector<actors::route_snapshot>& routes,
                              const routez_request& request, actors::wall_time now);
nlohmann::ordered_json gatewayz(const std::string& server_id, actors::wall_time now);

} // namespace troupe::monitor
