// config/duration.cpp: reads and writes Go's notation of time spans.
#include "config/duration.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace troupe::config {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Nanoseconds in one `unit`, 0 for an unknown one.
int64_t unit_length(std::string_view unit) {
  constexpr int64_t second = 1'000'000'000;
  if (unit == "ns")
    return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs")
    return 1000;
  if (unit == "ms")
    return 1'000'000;
  if (unit == "s")
    return second;
  if (unit == "m")
    return 60 * second;
  if (unit == "h")
    return 3600 * second;
  return 0;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string{text} + "\"";
}

parsed_duration failure(std::string text) {
  return {std::chrono::nanoseconds{0}, std::move(text)};
}

/// Cuts "12.5" off the front of `rest`; a NaN when there is no digit.
double take_number(std::string_view& rest) {
  size_t length = 0;
  bool digits = false;
  while (length < rest.size() && is_digit(rest[length])) {
    digits = true;
    ++length;
  }
  if (length < rest.size() && rest[length] == '.') {
    ++length;
    while (length < rest.size() && is_digit(rest[length])) {
      digits = true;
      ++length;
    }
  }
  if (!digits)
    return std::numeric_limits<double>::quiet_NaN();
  double number = std::strtod(std::string{rest.substr(0, length)}.c_str(), nullptr);
  rest.remove_prefix(length);
  return number;
}

constexpr double longest = 9.2e18; // nanoseconds that an int64 holds, with a margin for rounding

} // namespace

parsed_duration parse_duration(std::string_view text) {
  auto invalid = [&] { return failure("time: invalid duration " + quoted(text)); };
  auto rest = text;
  bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+'))
    rest.remove_prefix(1);
  if (rest == "0")
    return {};
  if (rest.empty())
    return invalid();
  int64_t total = 0;
  while (!rest.empty()) {
    double number = take_number(rest);
    if (std::isnan(number))
      return invalid();
    auto unit = rest.substr(
        0, static_cast<size_t>(std::find_if(rest.begin(), rest.end(),
                                            [](char c) { return c == '.' || is_digit(c); })
                               - rest.begin()));
    if (unit.empty())
      return failure("time: missing unit in duration " + quoted(text));
    rest.remove_prefix(unit.size());
    int64_t length = unit_length(unit);
    if (length == 0)
      return failure("time: unknown unit " + quoted(unit) + " in duration " + quoted(text));
    double span = number * static_cast<double>(length);
    if (span + static_cast<double>(total) > longest)
      return invalid();
    total += std::llround(span);
  }
  return {std::chrono::nanoseconds{negative ? -total : total}, {}};
}

parsed_duration parse_choria_duration(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit))
    return parse_duration(std::string{text} + "s");
  constexpr double day = 24.0 * 3600e9;
  char last = text.empty() ? '\0' : text.back();
  double unit = last == 'w' ? 7 * day : last == 'd' ? day : last == 'M' ? 30 * day : 365 * day;
  if (last == 'w' || last == 'd' || last == 'M' || last == 'y') {
    auto rest = text.substr(0, text.size() - 1);
    double number = take_number(rest);
    if (rest.empty() && !std::isnan(number) && number * unit < longest)
      return {std::chrono::nanoseconds{std::llround(number * unit)}, {}};
    return failure("time: invalid duration " + quoted(text));
  }
  return parse_duration(text);
}

namespace {

/// `count` thousandths-style units as decimal text without trailing zeros: 1500, 1000 -> "1.5".
std::string decimal(int64_t count, int64_t unit) {
  std::string result = std::to_string(count / unit);
  int64_t rest = count % unit;
  if (rest == 0)
    return result;
  result += '.';
  for (unit /= 10; rest > 0; unit /= 10) {
    result += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return result;
}

} // namespace

std::string format_duration(std::chrono::nanoseconds span) {
  int64_t count = span.count();
  if (count == std::numeric_limits<int64_t>::min())
    ++count; // its negation does not exist; one nanosecond in 292 years is nobody's loss
  std::string sign = count < 0 ? "-" : "";
  count = count < 0 ? -count : count;
  constexpr int64_t second = 1'000'000'000;
  if (count == 0)
    return "0s";
  if (count < 1000)
    return sign + std::to_string(count) + "ns";
  if (count < 1'000'000)
    return sign + decimal(count, 1000) + "\u00b5s";
  if (count < second)
    return sign + decimal(count, 1'000'000) + "ms";
  std::string result = sign;
  int64_t minutes = count / (60 * second);
  if (minutes >= 60)
    result += std::to_string(minutes / 60) + "h";
  if (minutes > 0)
    result += std::to_string(minutes % 60) + "m";
  return result + decimal(count % (60 * second), second) + "s";
}

} // namespace troupe::config
