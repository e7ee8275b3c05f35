// monitor/process_usage.cpp: asks the kernel.
#include "monitor/process_usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

namespace troupe::monitor {
namespace {

std::chrono::microseconds time_on_processors() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto span = [](const timeval& t) {
    return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec};
  };
  return span(usage.ru_utime) + span(usage.ru_stime);
}

} // namespace

uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  uint64_t all = 0;
  uint64_t resident = 0;
  file >> all >> resident;
  return file ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

processor_meter::processor_meter()
    : measured_at_{std::chrono::steady_clock::now()}, used_{time_on_processors()} {}

double processor_meter::percent() {
  std::lock_guard guard{mutex_};
  auto now = std::chrono::steady_clock::now();
  auto passed = now - measured_at_;
  if (passed < std::chrono::seconds{1})
    return percent_;
  auto used = time_on_processors();
  auto share = std::chrono::duration<double>(used - used_) / std::chrono::duration<double>(passed);
  percent_ = std::round(share * 1000) / 10;
  measured_at_ = now;
  used_ = used;
  return percent_;
}

} // namespace troupe::monitor
