// actors/event_loop.hpp: one thread that waits for sockets and runs the actors pinned to it.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/lookout.hpp"
#include "actors/timer_wheel.hpp"

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace troupe::actors {

/// Whoever owns a socket on a loop. Calls come on the loop's thread only.
class io_handler {
public:
  /// `events` are epoll's. An exception from here ends up in on_fault().
  virtual void on_io(uint32_t events) = 0;
  /// The end of a turn in which flush_later() was called for this handler.
  virtual void on_flush() = 0;
  /// One of the calls above, or a timer, threw: give up this one socket.
  virtual void on_fault(const char* what) noexcept = 0;

protected:
  ~io_handler() = default;
};

/// Names a registered socket; stays safe to use after its handler has gone.
struct io_token {
  uint32_t slot = 0;
  uint32_t generation = 0; // 0: none
  explicit operator bool() const noexcept { return generation != 0; }
};

/// An epoll loop that is also a CAF execution unit. Each turn: wait, run actors, handle sockets,
/// run actors, flush. Actors therefore see all mail that was sent before a socket became readable.
class event_loop : public caf::execution_unit {
public:
  explicit event_loop(caf::actor_system& sys);
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop() override;

  /// Runs until stop(); the calling thread becomes the loop's.
  void run();
  /// From any thread. Pending jobs are still run.
  void stop() noexcept;
  /// From any thread; takes over one reference of `job`.
  void exec_later(caf::resumable* job) override;
  bool in_loop() const noexcept;
  /// From any thread: it waits for something to happen. May be untrue a moment later.
  bool asleep() const noexcept {
    return asleep_.load(std::memory_order_relaxed) || looking_.load(std::memory_order_relaxed);
  }

  // The rest belongs to the loop's thread.
  io_token watch(int fd, uint32_t events, io_handler& handler);
  void rewatch(io_token token, int fd, uint32_t events) noexcept;
  void unwatch(io_token token, int fd) noexcept;
  /// Calls on_flush() once at the end of this turn.
  void flush_later(io_token token);

  /// Called twice a turn, before sockets are flushed; set before run(). Null: nothing is.
  std::function<void()> before_flush;

  timer_wheel& timers() noexcept { return timers_; }
  /// The time when this turn began; nobody reads a clock per message.
  loop_clock::time_point now() const noexcept { return now_; }
  /// How many sockets had something when this turn began.
  size_t busy_sockets() const noexcept { return busy_; }
  uint64_t turns() const noexcept { return turns_.load(std::memory_order_relaxed); }

private:
  struct watched {
    io_handler* handler = nullptr;
    uint32_t generation = 1;
    bool flushing = false;
  };

  void turn();
  void wait();
  bool idle();
  bool look_around();
  void sleep();
  void poll(int timeout_ms) noexcept;
  void run_jobs();
  void run_io();
  void flush();
  io_handler* find(io_token token) noexcept;
  template <class F>
  void guarded(io_token token, F&& call);

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::atomic<bool> asleep_{false};  // somebody has to wake it
  std::atomic<bool> looking_{false}; // it does nothing, but needs no waking
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> turns_{0};
  std::mutex inbox_mutex_;
  std::vector<caf::resumable*> inbox_; // from other threads
  std::vector<caf::resumable*> jobs_;  // this turn's
  std::vector<caf::resumable*> running_;
  std::vector<watched> watched_;
  std::vector<uint32_t> free_slots_;
  std::vector<io_token> flushing_;
  std::vector<io_token> flushing_now_;
  std::vector<epoll_event> events_;
  size_t ready_ = 0;
  size_t busy_ = 0;
  loop_clock::time_point now_;
  timer_wheel timers_;
  lookout lookout_;
};

} // namespace troupe::actors
