// monitor/linkz.hpp: /routez, /gatewayz and /leafz of a broker that has no links to others.
#pragma once

#include "actors/snapshot.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace troupe::monitor {

nlohmann::ordered_json routez(const std::string& server_id, const std::string& server_name,
                              actors::wall_time now);
nlohmann::ordered_json gatewayz(const std::string& server_id, actors::wall_time now);
nlohmann::ordered_json leafz(const std::string& server_id, actors::wall_time now);

} // namespace troupe::monitor
