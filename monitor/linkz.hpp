// monitor/linkz.hpp: /routez, /gatewayz.
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

/// What a reader of gateways wants.
struct gatewayz_request {
  std::string cluster;   ///< the other one; empty: all
  bool accounts = false; ///< with the accounts of each connection
  std::string account;   ///< only that one; empty: all
  /// Of the accounts of dialled clusters.
  subscription_detail subscriptions = subscription_detail::none;
};
/// `fault` is empty, or the 400 answer.
gatewayz_request read_gatewayz_request(const query& from, std::string& fault);
/// Monitoring.md section 7.
nlohmann::ordered_json gatewayz(const server_facts& server,
                                const std::vector<actors::gateway_snapshot>& gateways,
                                const gatewayz_request& request, actors::wall_time now);
/// The `gateway` of /varz: empty without gateways.
nlohmann::ordered_json gateway_settings(const server_facts& server);

} // namespace troupe::monitor
