// monitor/actor_report.hpp: the actor tree as `troupe actors` reads it.
#pragma once

#include "monitor/source.hpp"

#include <nlohmann/json_fwd.hpp>

#include <sys/types.h>

namespace troupe::monitor {

/// `{"server": {server_id, server_name, troupe, version, pid, host, port, start, now, uptime,
/// reactors, connections}, "actors": [{path, place, state, mailbox, in_msgs, out_msgs, in_bytes,
/// out_bytes}]}`; actors in the order of `tree`.
nlohmann::ordered_json actor_report(const server_facts& server, pid_t pid, actors::wall_time now,
                                    const std::vector<actors::actor_snapshot>& tree);

} // namespace troupe::monitor
