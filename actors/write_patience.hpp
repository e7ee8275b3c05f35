// actors/write_patience.hpp: whether a peer that takes no more has had time enough.
#pragma once

#include "actors/timer_wheel.hpp"

#include <cstdint>
#include <utility>

namespace troupe::actors {

/// Of one socket, in bytes since it was opened. Two rules: a peer that takes nothing within the
/// deadline is late; and if everything has to go (`write_timeout: close`), so is one that has not
/// taken, within the deadline, what was waiting when the socket became full. Knows no clock.
class write_patience {
public:
  using time_point = loop_clock::time_point;
  using duration = loop_clock::duration;
  enum class verdict : uint8_t { unknown, moving, stuck, late };

  /// The socket became full: it has had `written` bytes, and `waiting` more are queued.
  void begin(time_point now, uint64_t written, uint64_t waiting) noexcept {
    still_since_ = now;
    taken_ = nothing_known;
    if (written >= goal_) { // else it is still at what waited before
      goal_ = written + waiting;
      goal_since_ = now;
    }
  }

  /// To be asked now and then while it is full. `taken`: what the peer has acknowledged.
  verdict look(time_point now, uint64_t taken, duration deadline) noexcept {
    auto before = std::exchange(taken_, taken);
    if (taken == before)
      return now - still_since_ >= deadline ? verdict::late : verdict::stuck;
    if (before == nothing_known)
      return verdict::unknown;
    still_since_ = now;
    return verdict::moving;
  }

  /// Only for whom everything has to go.
  bool is_behind(time_point now, uint64_t written, duration deadline) const noexcept {
    return written < goal_ && now - goal_since_ >= deadline;
  }

private:
  static constexpr uint64_t nothing_known = ~uint64_t{0};

  time_point still_since_;
  uint64_t taken_ = nothing_known;
  uint64_t goal_ = 0; // what waited once is out when so much has been written
  time_point goal_since_;
};

} // namespace troupe::actors
