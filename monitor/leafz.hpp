// monitor/leafz.hpp: /leafz: leaf nodes of this broker, and the hubs that it is one of.
#pragma once

#include "actors/leaf_snapshot.hpp"
#include "monitor/query.hpp"
#include "monitor/source.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace troupe::monitor {

/// What a reader of leaf nodes wants.
struct leafz_request {
  bool subscriptions = false;
  std::string account; ///< empty: all
};

/// `fault` is empty, or the 400 answer.
leafz_request read_leafz_request(const query& from, std::string& fault);

/// Monitoring.md section 8.
nlohmann::ordered_json leafz(const std::string& server_id,
                             const std::vector<actors::leaf_snapshot>& leafs,
                             const leafz_request& request, actors::wall_time now);

/// The `leaf` of /varz: empty without a listener and hubs.
nlohmann::ordered_json leaf_settings(const server_facts& server);

} // namespace troupe::monitor
