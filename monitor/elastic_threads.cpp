// monitor/elastic_threads.cpp: starts threads when jobs would wait, lets idle ones go.
#include "monitor/elastic_threads.hpp"

#include <chrono>
#include <system_error>
#include <thread>

namespace troupe::monitor {
namespace {

constexpr auto longest_idle = std::chrono::seconds{10};

} // namespace

void elastic_threads::run(std::function<void()> job) {
  std::lock_guard guard{mutex_};
  jobs_.push_back(std::move(job));
  changed_.notify_one();
  if (jobs_.size() <= idle_ || threads_ == limit_)
    return;
  try {
    std::thread{[this] { work(); }}.detach(); // finish() waits for `threads_` to become 0
    ++threads_;
  } catch (const std::system_error&) {
    if (threads_ == 0)
      throw; // nobody would ever take the job
  }
}

void elastic_threads::finish() {
  std::unique_lock guard{mutex_};
  finishing_ = true;
  changed_.notify_all();
  changed_.wait(guard, [this] { return threads_ == 0; });
}

void elastic_threads::work() {
  std::unique_lock guard{mutex_};
  for (;;) {
    ++idle_;
    changed_.wait_for(guard, longest_idle, [this] { return !jobs_.empty() || finishing_; });
    --idle_;
    if (jobs_.empty())
      break;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    guard.unlock();
    job();
    job = nullptr; // what it owns goes before the lock is held again
    guard.lock();
  }
  --threads_;
  changed_.notify_all(); // while locked: after that nothing here is touched
}

} // namespace troupe::monitor
