// actors/pool_trimmer.hpp: gives memory back after a rush.
#pragma once

#include "actors/block.hpp"
#include "actors/timer_wheel.hpp"

#include <array>
#include <chrono>

namespace troupe::actors {

/// Pools keep what they made: a peer that stood still for a moment may have cost its whole
/// `max_pending`. A second later, and each second until little is left, what lies unused is freed.
class pool_trimmer final : public timer_owner {
public:
  static constexpr size_t kept_blocks = 4; ///< of each pool
  static constexpr auto pause = std::chrono::seconds{1};

  pool_trimmer(timer_wheel& timers, block_pool& one, block_pool& other) noexcept
      : timers_{timers}, pools_{&one, &other}, timer_{*this} {}

  /// Cheap: for the end of each turn.
  void look() {
    if (!waits_ && has_much()) [[unlikely]] {
      waits_ = true;
      timers_.start(timer_, pause);
    }
  }

  void on_timer(timer&) override {
    waits_ = false;
    for (auto* each : pools_)
      each->trim(kept_blocks);
    look(); // what is still in use comes home later
  }

private:
  bool has_much() const noexcept {
    return pools_[0]->made() > kept_blocks || pools_[1]->made() > kept_blocks;
  }

  timer_wheel& timers_;
  std::array<block_pool*, 2> pools_;
  bool waits_ = false;
  timer timer_;
};

} // namespace troupe::actors
