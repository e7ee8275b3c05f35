// monitor/process_usage.hpp: how much memory and processor this process uses.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace troupe::monitor {

/// Bytes resident, 0 if /proc cannot be read.
uint64_t resident_bytes();

/// Any thread.
class processor_meter {
public:
  processor_meter();
  /// Percent of one core, to a tenth, over the time since the last figure that is at least a second
  /// old; asked more often it repeats that figure. Two busy cores are 200.
  double percent();

private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point measured_at_;
  std::chrono::microseconds used_;
  double percent_ = 0;
};

} // namespace troupe::monitor
