// monitor/time_text.hpp: moments and spans as monitoring spells them (monitoring.md 4.3).
#pragma once

#include <chrono>
#include <string>

namespace troupe::monitor {

/// RFC 3339 with up to nine fractional digits, trailing zeros dropped, as UTC ("…Z").
std::string utc_text(std::chrono::system_clock::time_point when);

/// The same in the zone of this machine: "…+05:30", or "…Z" where that is UTC.
std::string local_text(std::chrono::system_clock::time_point when);

/// Whole seconds as "5s", "1m0s", "1h0m5s", "2d0h0m5s", "1y0d0h0m0s"; negative spans are "0s".
std::string uptime_text(std::chrono::nanoseconds span);

/// A round trip: whole microseconds below a millisecond ("530µs"), else exact ("5.408167ms").
std::string rtt_text(std::chrono::nanoseconds span);

} // namespace troupe::monitor
