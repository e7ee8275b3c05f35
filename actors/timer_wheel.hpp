// actors/timer_wheel.hpp: timers of one loop: starting and stopping one costs a few pointers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe::actors {

using loop_clock = std::chrono::steady_clock;

/// Whoever wants to be told when its time has come.
class timer_owner {
public:
  virtual void on_timer(class timer& which) = 0;

protected:
  ~timer_owner() = default;
};

/// One timer, embedded in its owner; it stops itself when it dies. Never allocates.
class timer {
public:
  explicit timer(timer_owner& owner) noexcept : owner_{&owner} {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  ~timer() { unlink(); }
  bool armed() const noexcept { return next_ != nullptr; }
  void stop() noexcept { unlink(); }

private:
  friend class timer_wheel;
  timer() noexcept = default; // the head of a slot
  void unlink() noexcept {
    if (!next_)
      return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }
  void link_before(timer& head) noexcept {
    prev_ = head.prev_;
    next_ = &head;
    prev_->next_ = this;
    head.prev_ = this;
  }

  timer_owner* owner_ = nullptr;
  timer* next_ = nullptr;
  timer* prev_ = nullptr;
  uint64_t due_ = 0; // ticks
};

/// A hierarchical wheel: four levels of 64 slots, one tick is `tick` long. Not thread-safe: it
/// belongs to one loop. A timer never rings early, and at most one tick and one turn late.
class timer_wheel {
public:
  static constexpr std::chrono::milliseconds tick{5};

  explicit timer_wheel(loop_clock::time_point now) noexcept;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  ~timer_wheel();

  /// (Re)starts `t` to ring `after` from the time of the last advance().
  void start(timer& t, loop_clock::duration after) noexcept;
  /// Rings everything that is due at `now`. Timers may be started and stopped from the call.
  void advance(loop_clock::time_point now);
  /// How long nothing will ring; negative: nothing is armed.
  std::chrono::milliseconds idle_for(loop_clock::time_point now) const noexcept;

private:
  static constexpr size_t levels = 4;
  static constexpr size_t slots = 64;

  uint64_t ticks_at(loop_clock::time_point when) const noexcept;
  void place(timer& t) noexcept;
  void ring(timer& head);

  loop_clock::time_point start_;
  loop_clock::time_point turn_; // of the last advance
  uint64_t now_ = 0;            // ticks that have been rung
  uint64_t clock_ = 0;          // the tick of `turn_`
  timer wheel_[levels][slots];  // no std::array: heads are for the wheel to make
};

} // namespace troupe::actors
