// cli/bench_session.hpp: opens the connections of a load.
#pragma once

#include "cli/bench_plan.hpp"
#include "cli/session.hpp"

#include <string>
#include <string_view>

namespace troupe::cli {

/// Logs in, sends `lines` (SUBs) and waits until the server has read them. Towards a bare relay it
/// only connects.
outcome open_bench_session(const load_plan& plan, tls_context& tls, std::string_view lines,
                           session& out);

/// The SUB lines of one subscriber; all its sids have the same length.
std::string subscription_lines(const load_plan& plan, uint32_t subscriber);

} // namespace troupe::cli
