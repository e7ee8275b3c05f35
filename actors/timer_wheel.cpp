// actors/timer_wheel.cpp: slots, cascades, ringing.
#include "actors/timer_wheel.hpp"

#include <algorithm>

namespace troupe::actors {
namespace {

constexpr uint64_t span_of(size_t level) {
  return uint64_t{1} << (6 * level);
}

/// Longer waits are cut to this, so that no sum overflows.
constexpr loop_clock::duration longest = std::chrono::hours{24 * 365 * 100};

} // namespace

timer_wheel::timer_wheel(loop_clock::time_point now) noexcept : start_{now}, turn_{now} {
  for (auto& level : wheel_)
    for (auto& head : level)
      head.next_ = head.prev_ = &head;
}

timer_wheel::~timer_wheel() {
  for (auto& level : wheel_)
    for (auto& head : level) {
      while (head.next_ != &head)
        head.next_->unlink();
      head.next_ = head.prev_ = nullptr;
    }
}

uint64_t timer_wheel::ticks_at(loop_clock::time_point when) const noexcept {
  return when <= start_ ? 0 : static_cast<uint64_t>((when - start_) / tick);
}

void timer_wheel::start(timer& t, loop_clock::duration after) noexcept {
  t.unlink();
  // Rounded up once, from the exact time: rounding the span alone would cost a second tick.
  auto from_start = (turn_ - start_) + std::clamp(after, loop_clock::duration::zero(), longest);
  auto due = static_cast<uint64_t>((from_start + tick - loop_clock::duration{1}) / tick);
  t.due_ = std::max(due, std::max(clock_, now_) + 1); // what is rung now has been rung
  place(t);
}

void timer_wheel::place(timer& t) noexcept {
  auto distance = t.due_ - now_;
  size_t level = 0;
  while (level + 1 < levels && distance >= span_of(level + 1))
    ++level;
  // Beyond the last level a timer goes round its farthest slot until it comes into reach.
  auto due = distance >= span_of(levels) ? now_ + span_of(levels) - 1 : t.due_;
  t.link_before(wheel_[level][(due / span_of(level)) % slots]);
}

void timer_wheel::ring(timer& head) {
  // Cut the slot loose first: a timer that is started anew from its call may land in it again.
  timer due;
  if (head.next_ == &head)
    return;
  due.next_ = head.next_;
  due.prev_ = head.prev_;
  due.next_->prev_ = &due;
  due.prev_->next_ = &due;
  head.next_ = head.prev_ = &head;
  while (due.next_ != &due) {
    auto& t = *due.next_;
    t.unlink();
    if (t.due_ > now_)
      place(t);
    else
      t.owner_->on_timer(t);
  }
  due.next_ = due.prev_ = nullptr;
}

void timer_wheel::advance(loop_clock::time_point now) {
  turn_ = std::max(turn_, now);
  clock_ = ticks_at(turn_);
  while (now_ < clock_) {
    ++now_;
    for (size_t level = levels - 1; level > 0; --level)
      if (now_ % span_of(level) == 0)
        ring(wheel_[level][(now_ / span_of(level)) % slots]);
    ring(wheel_[0][now_ % slots]);
  }
}

std::chrono::milliseconds timer_wheel::idle_for(loop_clock::time_point now) const noexcept {
  // A coarse slot may hold the nearest timer: what counts is the earliest ring or cascade of any.
  auto nearest = std::chrono::milliseconds{-1};
  for (size_t level = 0; level < levels; ++level)
    for (uint64_t step = 1; step <= slots; ++step) {
      auto at = now_ / span_of(level) + step;
      const auto& head = wheel_[level][at % slots];
      if (head.next_ == &head)
        continue;
      auto due = start_ + tick * static_cast<int64_t>(at * span_of(level));
      auto wait = std::max(std::chrono::ceil<std::chrono::milliseconds>(due - now),
                           std::chrono::milliseconds{0});
      if (nearest.count() < 0 || wait < nearest)
        nearest = wait;
      break;
    }
  return nearest;
}

} // namespace troupe::actors
