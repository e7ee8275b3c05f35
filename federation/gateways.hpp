// federation/gateways.hpp: the actor that knows the other clusters of a super cluster.
#pragma once

#include "actors/core.hpp"
#include "federation/gateway_book.hpp"
#include "federation/gateway_messages.hpp"

#include <functional>
#include <string>

namespace troupe::federation {

/// Called from the actor, for each reload and each change in our cluster.
using gateways_planner = std::function<gateways_plan_ptr(const actors::settings_ptr& now)>;
/// The members of our cluster should know of another one: its name, and the INFO to tell them;
/// empty: no more. Called from the actor.
using gateways_gossip = std::function<void(const std::string& cluster, const std::string& line)>;

/// On CAF's scheduler.
gateways_actor spawn_gateways(caf::actor_system& sys, actors::core& shared,
                              const actors::settings_ptr& now, gateways_planner plan,
                              gateways_gossip tell);

} // namespace troupe::federation
