// cli/duration.cpp: reads and writes durations.
#include "cli/duration.hpp"

#include <fmt/core.h>

#include <cmath>

namespace troupe::cli {
namespace {

struct unit {
  std::string_view name;
  double nanos;
};

// Longer names first: "ms" must not be read as "m".
constexpr unit units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1.0},
                          {"s", 1e9},  {"m", 6e10}, {"h", 3.6e12}};

/// Cuts digits with at most one dot off `text`; false if there are none.
bool cut_number(std::string_view& text, double& out) {
  size_t at = 0;
  bool dot = false;
  double scale = 1;
  out = 0;
  for (; at < text.size() && at < 15; ++at) {
    char c = text[at];
    if (c == '.' && !dot) {
      dot = true;
    } else if (c >= '0' && c <= '9') {
      out = out * 10 + (c - '0');
      scale *= dot ? 10 : 1;
    } else {
      break;
    }
  }
  out /= scale;
  bool good = at > (dot ? 1u : 0u);
  text.remove_prefix(at);
  return good;
}

} // namespace

std::optional<nanoseconds> parse_duration(std::string_view text) {
  if (text.empty())
    return std::nullopt;
  double total = 0;
  for (bool first = true; !text.empty(); first = false) {
    double number = 0;
    if (!cut_number(text, number))
      return std::nullopt;
    if (text.empty() && first) {
      total = number * 1e9;
      break;
    }
    bool known = false;
    for (const auto& [name, nanos] : units)
      if (text.substr(0, name.size()) == name) {
        total += number * nanos;
        text.remove_prefix(name.size());
        known = true;
        break;
      }
    if (!known)
      return std::nullopt;
  }
  if (total > 9e18)
    return std::nullopt;
  return nanoseconds{std::llround(total)};
}

std::string show_duration(nanoseconds value) {
  auto nanos = static_cast<double>(value.count());
  if (nanos < 1e3)
    return fmt::format("{}ns", value.count());
  if (nanos < 1e6)
    return fmt::format("{:.3g}us", nanos / 1e3);
  if (nanos < 1e9)
    return fmt::format("{:.3g}ms", nanos / 1e6);
  return fmt::format("{:.2f}s", nanos / 1e9);
}

} // namespace troupe::cli
