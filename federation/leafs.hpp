// federation/leafs.hpp: the actor that knows the leaf nodes of this broker and its hubs.
#pragma once

#include "actors/core.hpp"
#include "config/link_options.hpp"
#include "federation/leaf_messages.hpp"
#include "federation/leaf_terms.hpp"
#include "federation/proxy_way.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace troupe::federation {

/// One hub that the configuration names.
struct hub_plan {
  config::leaf_remote from; ///< by which a reload knows it again
  hub_terms_ptr terms;
  std::chrono::nanoseconds dial_timeout{0};
  std::optional<proxy_way> proxy; ///< through which it is reached
};

/// What the leafs actor goes by; changed by a reload as a whole.
struct leafs_plan {
  leaf_terms_ptr mine;
  std::vector<hub_plan> hubs;
  std::chrono::nanoseconds reconnect{0}; ///< how long a lost hub is waited for
};
using leafs_plan_ptr = std::shared_ptr<const leafs_plan>;

/// Called from the actor for each reload.
using leafs_planner = std::function<leafs_plan_ptr(const actors::settings_ptr& now)>;

/// On CAF's scheduler. It dials the hubs at once.
leafs_actor spawn_leafs(caf::actor_system& sys, actors::core& shared,
                        const actors::settings_ptr& now, leafs_planner plan);

} // namespace troupe::federation
