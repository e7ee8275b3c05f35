// federation/member_finder.hpp: asks DNS again and again who the members of the cluster are.
#pragma once

#include "actors/reactor.hpp"
#include "federation/messages.hpp"
#include "federation/name_lookup.hpp"

#include <functional>
#include <string>

namespace troupe::federation {

/// Called from the loop that it asks on, with each answer, also if nothing has changed.
using members_told = std::function<void(const service_answer&)>;

using member_finder_actor = actors::part_actor::extend<accepts<atom::go_on>>; // To itself: begins.

/// One actor, pinned to `home`: asks for the SRV record `record` at once, and again when its answer
/// is no longer good, but not more often than each second and at least each minute; after a
/// failure within five seconds. Ends by `shut_down`.
member_finder_actor spawn_member_finder(caf::actor_system& sys, actors::reactor& home,
                                        std::string record, members_told tell);

} // namespace troupe::federation
