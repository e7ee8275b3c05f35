// monitor/services.hpp: answers requests in the system account (system-events.md section 5).
#pragma once

#include "monitor/announcer.hpp"
#include "monitor/messages.hpp"

namespace troupe::monitor {

/// Its subscriptions are in force when it has answered something. It waits for other actors when it
/// is asked, so it needs a thread of its own, unless the source of `on` never waits. `on` must
/// outlive it; `announcer` is told when somebody wants figures broadcast.
services_actor spawn_services(caf::actor_system& sys, const stage& on, speech speak,
                              announcer_actor announcer, bool own_thread);

} // namespace troupe::monitor
