// config/duration.hpp: spans of time as operators write them, in Go's notation.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace troupe::config {

/// What a text meant, or why it means nothing (`error` non-empty, in Go's words).
struct parsed_duration {
  std::chrono::nanoseconds span{0};
  std::string error;
};

/// Go text: "1h30m", "100ms", "-2s", "1.5h", "0". Units ns us µs ms s m h.
parsed_duration parse_duration(std::string_view text);

/// Choria's text: all digits are seconds; Go text; or one number with w, d, M (30 d) or y (365 d).
parsed_duration parse_choria_duration(std::string_view text);

/// As Go prints it: "2m0s", "1h30m0s", "100ms", "0s".
std::string format_duration(std::chrono::nanoseconds span);

} // namespace troupe::config
