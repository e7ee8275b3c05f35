// cli/bench_progress.cpp: draws one line over and over.
#include "cli/bench_progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace troupe::cli {
namespace {
constexpr uint64_t bar_width = 40;
}

bench_progress::bench_progress(bool wanted) : draws_{wanted && isatty(STDERR_FILENO) == 1} {}

bench_progress::~bench_progress() {
  if (drawn_)
    fmt::print(stderr, "\r{:70}\r", "");
}

void bench_progress::show(uint64_t done, uint64_t goal) {
  if (!draws_ || goal == 0)
    return;
  drawn_ = true;
  auto part = std::min(done, goal) * bar_width / goal;
  fmt::print(stderr, "\r[{:{}}] {:3}%  {} of {}", std::string(part, '#'), bar_width,
             std::min(done, goal) * 100 / goal, done, goal);
  std::fflush(stderr);
}

} // namespace troupe::cli
