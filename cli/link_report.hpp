// cli/link_report.hpp: routes, gateways and leaf nodes of all brokers as tables.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::cli {

// `answers`: of brokers to ROUTEZ, GATEWAYZ or LEAFZ (monitoring.md sections 6 to 8), each
// `{"server", "data"}`. Fields that a broker leaves out count as empty. Without any link: "".

std::string route_table(const std::vector<nlohmann::json>& answers);
std::string gateway_table(const std::vector<nlohmann::json>& answers);
std::string leafnode_table(const std::vector<nlohmann::json>& answers);

} // namespace troupe::cli
