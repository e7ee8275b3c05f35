// cli/moment.cpp: durations from now, and dates.
#include "cli/moment.hpp"

#include "cli/duration.hpp"

#include <fmt/chrono.h>

#include <charconv>
#include <chrono>
#include <ctime>

namespace troupe::cli {
namespace {

constexpr int64_t day = 24 * 60 * 60;

std::optional<int64_t> days_of(std::string_view text) {
  int64_t count = 0;
  auto* end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, count);
  if (code != std::errc{} || stop + 1 != end || count < 0 || count > 100'000)
    return std::nullopt;
  switch (*stop) {
  case 'd': return count * day;
  case 'w': return count * 7 * day;
  case 'y': return count * 365 * day;
  }
  return std::nullopt;
}

std::optional<int64_t> date_of(std::string_view text) {
  for (auto form : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"}) {
    std::tm parts{};
    std::string copy{text};
    auto* end = ::strptime(copy.c_str(), form, &parts);
    if (end != nullptr && *end == '\0')
      return static_cast<int64_t>(::timegm(&parts));
  }
  return std::nullopt;
}

} // namespace

int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<int64_t> parse_moment(std::string_view text, int64_t now) {
  if (text == "never")
    return 0;
  if (auto days = days_of(text))
    return now + *days;
  if (auto date = date_of(text))
    return date;
  auto span = parse_duration(text);
  if (!span || text.empty())
    return std::nullopt;
  return now + std::chrono::duration_cast<std::chrono::seconds>(*span).count();
}

std::string show_moment(int64_t moment) {
  if (moment == 0)
    return "never";
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(moment)));
}

} // namespace troupe::cli
