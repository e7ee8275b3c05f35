// test/stress/report.hpp: what held and what did not.
#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace troupe::stress {

class report {
public:
  /// Notes a broken promise; the first twenty are printed.
  void broken(std::string_view what);
  template <class... Args>
  bool check(bool held, fmt::format_string<Args...> text, Args&&... args) {
    if (!held)
      broken(fmt::format(text, std::forward<Args>(args)...));
    return held;
  }
  /// A figure or a fact, with the seconds since the start.
  void note(std::string_view what) const;
  uint64_t failures() const { return failures_; }
  double seconds() const;

private:
  uint64_t failures_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace troupe::stress
