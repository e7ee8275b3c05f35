// cli/fleet_tree.hpp: a whole super cluster as one tree, and what is missing in it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::cli {

/// What all brokers answered, each `{"server", "data"}` (monitoring.md).
struct fleet_answers {
  std::vector<nlohmann::json> varz, routez, gatewayz, leafz;
};

struct fleet_tree {
  std::string text;              ///< clusters, their brokers, gateways and leaf nodes
  std::vector<std::string> gaps; ///< one sentence for each link that a whole mesh would have
};

fleet_tree draw_fleet(const fleet_answers& from);

/// The same as data: `{"clusters": {NAME: {"servers": […], "gateways": …}}, "gaps": […]}`.
nlohmann::json fleet_document(const fleet_answers& from);

} // namespace troupe::cli
