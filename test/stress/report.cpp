// test/stress/report.cpp: what held and what did not.
#include "report.hpp"

#include <cstdio>

namespace troupe::stress {
namespace {
constexpr uint64_t most_printed = 20;
} // namespace

void report::broken(std::string_view what) {
  if (++failures_ <= most_printed)
    fmt::print("BROKEN at {:.2f} s: {}\n", seconds(), what);
  if (failures_ == most_printed)
    fmt::print("BROKEN: further ones are only counted\n");
  std::fflush(stdout);
}

void report::note(std::string_view what) const {
  fmt::print("{:8.2f} s  {}\n", seconds(), what);
  std::fflush(stdout);
}

double report::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

} // namespace troupe::stress
