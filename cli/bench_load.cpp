// cli/bench_load.cpp: threads and sockets of a load, and the clock over them.
#include "cli/bench_load.hpp"

#include "cli/bench_link.hpp"
#include "cli/bench_progress.hpp"
#include "cli/bench_publisher.hpp"
#include "cli/bench_session.hpp"
#include "cli/bench_subscriber.hpp"
#include "cli/epoll_set.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;
constexpr uint32_t stop_tag = std::numeric_limits<uint32_t>::max();
constexpr int reads_per_turn = 4;

/// An eventfd that stays readable once it was rung.
class bell {
public:
  bell() : fd_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}
  ~bell() { close(fd_); }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  void ring() {
    uint64_t one = 1;
    (void)!write(fd_, &one, sizeof one);
  }
  int fd() const { return fd_; }

private:
  int fd_;
};

class load_run {
public:
  load_run(const load_plan& plan, int stop_fd) : plan_{plan}, stop_fd_{stop_fd} {}

  outcome open();
  outcome run(load_result& out);

private:
  void run_publishers(uint32_t thread);
  void run_subscribers(uint32_t thread);
  outcome watch();
  outcome judge(load_result& out);
  void fail(const problem& why);
  outcome failure() const;
  bool is_finished() const {
    return publishers_left_.load() == 0 && delivered_.load() >= plan_.expected_deliveries();
  }

  const load_plan& plan_;
  int stop_fd_;
  tls_context tls_;
  session extra_; ///< holds the unrelated subscriptions
  std::deque<bench_publisher> publishers_;
  std::deque<bench_subscriber> subscribers_;
  std::atomic<uint64_t> published_{0};
  std::atomic<uint64_t> delivered_{0};
  std::atomic<uint32_t> publishers_left_{0};
  std::atomic<int64_t> last_delivery_{0}; ///< of the clock, in its ticks
  bell stop_;                             ///< the threads end
  bell finished_;                         ///< the watch looks
  mutable std::mutex failure_guard_;
  outcome failure_;
};

void load_run::fail(const problem& why) {
  {
    std::lock_guard guard{failure_guard_};
    if (!failure_)
      failure_ = why;
  }
  finished_.ring();
}

outcome load_run::failure() const {
  std::lock_guard guard{failure_guard_};
  return failure_;
}

outcome load_run::open() {
  if (plan_.extra_subscriptions > 0) {
    std::string subs;
    for (uint32_t i = 0; i < plan_.extra_subscriptions; ++i)
      fmt::format_to(std::back_inserter(subs), "SUB unrelated.{}.* {}\r\n", i, i + 1);
    if (auto wrong = open_bench_session(plan_, tls_, subs, extra_))
      return wrong;
  }
  auto listening = plan_;
  listening.connection = plan_.of_subscribers();
  for (uint32_t i = 0; i < plan_.subscribers; ++i) {
    session opened;
    if (auto wrong = open_bench_session(listening, tls_, subscription_lines(plan_, i), opened))
      return wrong;
    auto expected = plan_.pairs ? plan_.share_of_publisher(i % plan_.publishers) : plan_.messages;
    subscribers_.emplace_back(plan_, std::move(opened), plan_.queue.empty() ? expected : 0);
  }
  for (uint32_t i = 0; i < plan_.publishers; ++i) {
    session opened;
    if (auto wrong = open_bench_session(plan_, tls_, "", opened))
      return wrong;
    publishers_.emplace_back(plan_, i, std::move(opened), published_);
  }
  return plan_.subscriber_servers.empty() ? std::nullopt : await_interest(plan_, tls_, stop_fd_);
}

void load_run::run_publishers(uint32_t thread) {
  epoll_set epoll{plan_.publishers + 1};
  epoll.add(stop_.fd(), stop_tag, true, false);
  std::vector<uint32_t> runnable;
  for (uint32_t i = thread; i < plan_.publishers; i += plan_.publisher_threads) {
    epoll.add(publishers_[i].fd(), i, true, false);
    runnable.push_back(i);
  }
  auto left = runnable.size();
  std::vector<uint32_t> next;
  auto settle = [&](uint32_t i, bench_publisher::step_result result) {
    auto& one = publishers_[i];
    switch (result) {
    case bench_publisher::step_result::again: next.push_back(i); break;
    case bench_publisher::step_result::blocked: epoll.change(one.fd(), i, true, true); break;
    case bench_publisher::step_result::waiting: epoll.change(one.fd(), i, true, false); break;
    case bench_publisher::step_result::done:
      epoll.remove(one.fd());
      --left;
      if (--publishers_left_ == 0)
        finished_.ring();
      break;
    case bench_publisher::step_result::failed:
      epoll.remove(one.fd());
      --left;
      fail(one.why_failed());
    }
  };
  while (left > 0) {
    next.clear();
    for (auto i : runnable)
      settle(i, publishers_[i].write());
    for (const auto& [tag, readable, writable] : epoll.wait(next.empty() ? -1 : 0)) {
      if (tag == stop_tag)
        return;
      bool runs = std::find(next.begin(), next.end(), tag) != next.end();
      if (readable) {
        auto heard = publishers_[tag].read();
        if (heard != bench_publisher::step_result::again) {
          if (runs)
            std::erase(next, tag);
          settle(tag, heard);
          continue;
        }
      }
      if (runs)
        continue;
      epoll.change(publishers_[tag].fd(), tag, true, false);
      next.push_back(tag); // writable again, or it has a PING to answer
    }
    runnable.swap(next);
  }
}

void load_run::run_subscribers(uint32_t thread) {
  auto expected = plan_.expected_deliveries();
  std::vector<char> scratch(256 * 1024 + 2 * (plan_.size + 4096));
  epoll_set epoll{plan_.subscribers + 1};
  epoll.add(stop_.fd(), stop_tag, true, false);
  for (uint32_t i = thread; i < plan_.subscribers; i += plan_.subscriber_threads)
    epoll.add(subscribers_[i].fd(), i, true, false);
  std::vector<uint32_t> unfinished;
  std::vector<uint32_t> ready;
  for (;;) {
    ready.swap(unfinished);
    unfinished.clear();
    for (const auto& [tag, readable, writable] : epoll.wait(ready.empty() ? -1 : 0)) {
      if (tag == stop_tag)
        return;
      if (std::find(ready.begin(), ready.end(), tag) == ready.end())
        ready.push_back(tag);
    }
    for (auto i : ready) {
      auto& one = subscribers_[i];
      auto before = one.received();
      auto result = bench_subscriber::read_result::again;
      for (int turn = 0; turn < reads_per_turn && result == decltype(result)::again; ++turn)
        result = one.read(scratch);
      auto added = one.received() - before;
      auto total = delivered_.fetch_add(added, std::memory_order_relaxed) + added;
      if (added > 0)
        last_delivery_.store(clock::now().time_since_epoch().count(), std::memory_order_relaxed);
      if (added > 0 && total >= expected)
        finished_.ring();
      if (result == bench_subscriber::read_result::again) {
        unfinished.push_back(i);
      } else if (result == bench_subscriber::read_result::failed) {
        epoll.remove(one.fd());
        if (total < expected || one.missing() > 0)
          fail(one.why_failed());
      }
    }
  }
}

outcome load_run::watch() {
  bench_progress bar{plan_.show_progress};
  auto goal = std::max(plan_.expected_deliveries(), plan_.subscribers == 0 ? plan_.messages : 0);
  uint64_t last_seen = 0;
  auto last_change = clock::now();
  for (;;) {
    pollfd watched[2] = {{finished_.fd(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    poll(watched, stop_fd_ < 0 ? 1 : 2, 100);
    if (auto wrong = failure())
      return wrong;
    if (is_finished())
      return std::nullopt;
    if (watched[1].revents != 0)
      return problem{"stopped", "", exit_code::nothing};
    uint64_t ticks = 0;
    (void)!::read(finished_.fd(), &ticks, sizeof ticks);
    auto seen = published_.load() + delivered_.load();
    auto now = clock::now();
    if (seen != last_seen)
      last_change = now;
    last_seen = seen;
    bar.show(plan_.subscribers == 0 ? published_.load() : delivered_.load(), goal);
    if (now - last_change < plan_.idle_limit)
      continue;
    auto lost =
        goal - std::min(goal, plan_.subscribers == 0 ? published_.load() : delivered_.load());
    return problem{fmt::format("lost {} of {} messages: nothing moved for {:.0f} s", lost, goal,
                               std::chrono::duration<double>(plan_.idle_limit).count()),
                   "the server's log may say why"};
  }
}

outcome load_run::judge(load_result& out) {
  auto begin = clock::time_point::max();
  auto end = clock::time_point{clock::duration{last_delivery_.load()}};
  for (const auto& one : publishers_) {
    begin = std::min(begin, one.first_write());
    out.published_bytes += one.bytes();
    if (plan_.subscribers == 0)
      end = std::max(end, one.last_pong());
  }
  out.published = published_.load();
  out.delivered = delivered_.load();
  out.expected = plan_.expected_deliveries();
  out.seconds = std::chrono::duration<double>(end - begin).count();
  for (uint32_t i = 0; i < plan_.subscribers; ++i) {
    const auto& one = subscribers_[i];
    out.delivered_bytes += one.bytes();
    if (one.missing() > 0)
      return problem{
          fmt::format("subscriber {} lost {} messages while others got too many", i, one.missing()),
          ""};
  }
  if (out.delivered > out.expected)
    return problem{fmt::format("{} messages too many were delivered", out.delivered - out.expected),
                   "does somebody else publish to this subject?"};
  return std::nullopt;
}

outcome load_run::run(load_result& out) {
  publishers_left_ = plan_.publishers;
  auto cpu = own_cpu_seconds();
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < plan_.subscriber_threads && plan_.subscribers > 0; ++i)
    threads.emplace_back([this, i] { run_subscribers(i); });
  for (uint32_t i = 0; i < plan_.publisher_threads; ++i)
    threads.emplace_back([this, i] { run_publishers(i); });
  auto wrong = watch();
  out.cpu_seconds = own_cpu_seconds() - cpu;
  stop_.ring();
  for (auto& one : threads)
    one.join();
  return wrong ? wrong : judge(out);
}

} // namespace

outcome run_load(const load_plan& plan, load_result& out, int stop_fd) {
  load_run run{plan, stop_fd};
  if (auto wrong = run.open())
    return wrong;
  return run.run(out);
}

} // namespace troupe::cli
