// federation/cluster.hpp: the actor that knows the members of the cluster and whom to dial.
#pragma once

#include "actors/core.hpp"
#include "actors/link_keeper.hpp"
#include "federation/messages.hpp"
#include "federation/terms.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::federation {

/// One that the configuration names.
struct configured_remote {
  std::string host;
  uint16_t port = 0;
  std::string user, password;
  bool operator==(const configured_remote&) const = default;
};

/// What the cluster actor goes by; changed by a reload as a whole.
struct cluster_plan {
  terms_ptr mine;
  std::vector<configured_remote> remotes;
  int64_t connect_retries = 0;
  bool connect_backoff = false;
};
using cluster_plan_ptr = std::shared_ptr<const cluster_plan>;

/// Makes of settings what the cluster goes by; `given`: the name that was chosen, or adopted, if
/// the configuration has none. Called from the actor for each reload.
using planner =
    std::function<cluster_plan_ptr(const actors::settings& now, const std::string& given)>;

/// Who hears what. Called from the actor.
struct cluster_listeners {
  actors::link_keeper::changed clients;         ///< each change that clients should know of
  std::function<void(fellow_members)> gateways; ///< each change of the members
  /// A member has told of another cluster; gateway_terms.hpp.
  std::function<void(const protocol::link_info&)> gossip;
};

/// On CAF's scheduler. It dials the configured remotes at once.
cluster_actor spawn_cluster(caf::actor_system& sys, actors::core& shared, actors::settings_ptr now,
                            std::string given_name, planner plan, cluster_listeners tell);

} // namespace troupe::federation
