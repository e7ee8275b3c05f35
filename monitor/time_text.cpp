// monitor/time_text.cpp: moments and spans in words.
#include "monitor/time_text.hpp"

#include "config/duration.hpp"

#include <fmt/format.h>

#include <ctime>

namespace troupe::monitor {
namespace {

using std::chrono::nanoseconds;

/// Seconds since 1970 (rounded down) and the nanoseconds above them.
struct parts {
  std::time_t seconds;
  long long fraction;
};

parts split(std::chrono::system_clock::time_point when) {
  auto since = when.time_since_epoch();
  auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {static_cast<std::time_t>(seconds.count()),
          std::chrono::duration_cast<nanoseconds>(since - seconds).count()};
}

std::string date_text(const std::tm& broken, long long fraction) {
  auto out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", broken.tm_year + 1900, broken.tm_mon + 1,
                  broken.tm_mday, broken.tm_hour, broken.tm_min, broken.tm_sec);
  if (fraction == 0)
    return out;
  out += fmt::format(".{:09}", fraction);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

} // namespace

std::string utc_text(std::chrono::system_clock::time_point when) {
  auto [seconds, fraction] = split(when);
  std::tm broken{};
  gmtime_r(&seconds, &broken);
  return date_text(broken, fraction) + 'Z';
}

std::string local_text(std::chrono::system_clock::time_point when) {
  auto [seconds, fraction] = split(when);
  std::tm broken{};
  localtime_r(&seconds, &broken);
  auto out = date_text(broken, fraction);
  auto minutes = broken.tm_gmtoff / 60;
  if (minutes == 0)
    return out + 'Z';
  auto size = minutes < 0 ? -minutes : minutes;
  return out + fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

std::string uptime_text(nanoseconds span) {
  auto left =
      std::max<long long>(0, std::chrono::duration_cast<std::chrono::seconds>(span).count());
  struct unit {
    long long seconds;
    char letter;
  };
  constexpr unit units[] = {{365LL * 86400, 'y'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  std::string out;
  for (const auto& each : units) {
    auto count = left / each.seconds;
    left %= each.seconds;
    if (count > 0 || !out.empty() || each.letter == 's')
      out += fmt::format("{}{}", count, each.letter);
  }
  return out;
}

std::string rtt_text(nanoseconds span) {
  if (span < std::chrono::milliseconds{1})
    span = std::chrono::floor<std::chrono::microseconds>(span);
  return config::format_duration(span);
}

} // namespace troupe::monitor
