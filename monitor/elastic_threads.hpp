// monitor/elastic_threads.hpp: as many threads as there are peers to wait for, up to a limit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace troupe::monitor {

/// Runs each job on an idle thread or a new one; at the limit jobs wait. Threads without work end
/// after some seconds. Any thread may give jobs.
class elastic_threads {
public:
  explicit elastic_threads(size_t limit) : limit_{limit} {}
  elastic_threads(const elastic_threads&) = delete;
  elastic_threads& operator=(const elastic_threads&) = delete;
  ~elastic_threads() { finish(); }

  void run(std::function<void()> job);
  /// Waits for every job given so far. No more may be given.
  void finish();

private:
  void work();

  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  size_t threads_ = 0;
  size_t idle_ = 0;
  bool finishing_ = false;
};

} // namespace troupe::monitor
