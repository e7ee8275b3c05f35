// actors/lookout.hpp: how long a loop looks for work before it goes to sleep.
#pragma once

#include <algorithm>
#include <chrono>

namespace troupe::actors {

/// Waking a sleeping thread costs more than a short exchange of messages does. Who was woken soon
/// after he fell asleep looks around next time before he sleeps; who slept long does not, so that a
/// quiet broker costs nothing, and a single late message no more than one look. Plain data.
class lookout {
public:
  using duration = std::chrono::nanoseconds;

  /// Who had more to do than this in a turn has much to do in each: there sleep gathers messages
  /// into batches, and looking would only cost.
  static constexpr duration longest_turn = std::chrono::microseconds{7};
  static constexpr duration first_look = std::chrono::microseconds{16};
  static constexpr duration longest_look = std::chrono::microseconds{64};

  /// Zero: sleep at once.
  duration looks_for() const noexcept { return looks_for_; }

  /// There was nothing to see, and it slept for so long.
  void slept(duration how_long) noexcept {
    if (how_long > longest_look)
      looks_for_ = duration::zero();
    else
      looks_for_ = std::clamp(looks_for_ * 2, first_look, longest_look);
  }

private:
  duration looks_for_ = duration::zero();
};

} // namespace troupe::actors
