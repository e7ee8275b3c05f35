// cli/bench_load.hpp: runs a load of publishers and subscribers.
#pragma once

#include "cli/bench_plan.hpp"

namespace troupe::cli {

/// Opens everything, subscribes, publishes, and returns when the last expected message (or PONG)
/// has come or the load has failed: lost messages are a failure. `stop_fd` readable ends it early.
outcome run_load(const load_plan& plan, load_result& out, int stop_fd);

} // namespace troupe::cli
