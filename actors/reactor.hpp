// actors/reactor.hpp: one core's share of the broker: a loop, its memory, its router, its
// connections.
#pragma once

#include "actors/block.hpp"
#include "actors/core.hpp"
#include "actors/event_loop.hpp"
#include "actors/interfaces.hpp"
#include "actors/pool_trimmer.hpp"
#include "actors/router.hpp"

#include <algorithm>
#include <deque>
#include <span>
#include <thread>
#include <unordered_map>

namespace troupe::actors {

class connection;

/// Lets go of responses that nobody gives or wants any more.
class response_sweeper final : public timer_owner {
public:
  response_sweeper(event_loop& loop, router& routes) noexcept
      : loop_{loop}, routes_{routes}, timer_{*this} {}
  void begin() { loop_.timers().start(timer_, response_table::sweep_every); }
  void on_timer(timer&) override {
    if (routes_.sweep())
      begin();
  }

private:
  event_loop& loop_;
  router& routes_;
  timer timer_;
};

/// Everything in here belongs to the loop's thread, but for `loop.exec_later`, `loop.stop` and
/// `connection_count`.
class reactor {
public:
  /// What one socket of many may read in a turn, and the size of the blocks that are written from.
  static constexpr size_t read_size = 256 * 1024;
  /// What all of them may read, or one alone: the larger, the fewer wake-ups.
  static constexpr size_t read_size_of_turn = 1024 * 1024;

  reactor(caf::actor_system& sys, core& all, size_t index);
  ~reactor();

  void start();
  void join();

  event_loop loop;
  core& shared;
  const size_t index;
  block_pool large_reads;
  block_pool pool; ///< other reads, and what is written
  router routes;
  response_sweeper sweeper;
  pool_trimmer trimmer;
  settings_ptr current;
  reactor_actor actor;
  std::atomic<int64_t> connection_count{0};

  /// The buffer for the next read, of `read_size` or, if `large`, of `read_size_of_turn`. Whoever
  /// keeps a slice of it holds a count; then the next read gets another one.
  block_ref& read_buffer(bool large = false);
  /// How much each socket may read in this turn, so that nobody waits long for the next.
  size_t read_share() const noexcept {
    auto share = read_size_of_turn / std::max<size_t>(loop.busy_sockets(), 1);
    return std::max(share, read_size);
  }

  void add(uint64_t cid, connection& who, connection_actor handle);
  /// It takes part in nothing any more, but may still have to write what is queued.
  void retire(uint64_t cid, connection_snapshot last);
  /// Its socket is closed: ends the actor.
  void dismiss(uint64_t cid);
  const std::unordered_map<uint64_t, std::pair<connection*, connection_actor>>&
  connections() const {
    return connections_;
  }
  /// Keeps track of who belongs to which account, so that a change reaches just those.
  void join_account(connection& who, const account& which);
  void leave_account(connection& who, const account& which);
  /// In no particular order; valid until one of them comes or goes.
  std::span<connection* const> members_of(const account& which) const;
  const std::deque<connection_snapshot>& closed() const { return closed_; }

private:
  block_ref buffer_;
  block_ref large_buffer_;
  std::unordered_map<uint64_t, std::pair<connection*, connection_actor>> connections_;
  std::unordered_map<uint64_t, connection_actor> leaving_;
  std::unordered_map<const account*, std::vector<connection*>> members_;
  std::deque<connection_snapshot> closed_;
  std::thread thread_;
};

/// Spawns the actor of `home` on its loop; before start().
reactor_actor spawn_reactor_actor(caf::actor_system& sys, reactor& home);

} // namespace troupe::actors
