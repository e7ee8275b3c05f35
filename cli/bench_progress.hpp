// cli/bench_progress.hpp: a progress bar on a terminal.
#pragma once

#include <cstdint>

namespace troupe::cli {

class bench_progress {
public:
  /// Draws on standard error if `wanted` and it is a terminal; otherwise does nothing.
  explicit bench_progress(bool wanted);
  ~bench_progress();
  bench_progress(const bench_progress&) = delete;
  bench_progress& operator=(const bench_progress&) = delete;
  void show(uint64_t done, uint64_t goal);

private:
  bool draws_;
  bool drawn_ = false;
};

} // namespace troupe::cli
