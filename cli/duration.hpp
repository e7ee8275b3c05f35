// cli/duration.hpp: durations as people type them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::cli {

using nanoseconds = std::chrono::nanoseconds;

/// "250ms", "2s", "1.5s", "2m", "1h", "1m30s", "500us"; a bare number is seconds. Empty: not one.
std::optional<nanoseconds> parse_duration(std::string_view text);

/// Three significant digits and a unit: "77.1us", "2.01s".
std::string show_duration(nanoseconds value);

} // namespace troupe::cli
