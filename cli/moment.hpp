// cli/moment.hpp: points in time as people type and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::cli {

/// Unix seconds of this moment.
int64_t unix_now();

/// "90d", "12h", "1y" (from `now`), "2027-01-31", "2027-01-31T08:00:00Z"; "never" is 0. Dates are
/// UTC. Nothing: none of these. Unix seconds.
std::optional<int64_t> parse_moment(std::string_view text, int64_t now);

/// "2027-01-31 08:00:00 UTC"; "never" for 0.
std::string show_moment(int64_t moment);

} // namespace troupe::cli
