// monitor/auditor.hpp: writes the audit file, on a thread of its own.
#pragma once

#include "monitor/audit_log.hpp"
#include "monitor/messages.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace troupe::monitor {

/// Notices on their way to the file. A flood of denials must not fill the memory: beyond `most`
/// they are counted and the file says how many are missing.
struct audit_queue {
  static constexpr int64_t most = 20'000;

  /// False: it is lost, and counted.
  bool admit() noexcept {
    if (waiting.fetch_add(1, std::memory_order_relaxed) < most)
      return true;
    waiting.fetch_sub(1, std::memory_order_relaxed);
    lost.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  std::atomic<int64_t> waiting{0};
  std::atomic<uint64_t> lost{0};
};

/// One line without its end: a JSON object. Empty: nothing that has to be on record.
std::string audit_line(const actors::notice& what);
std::string audit_line(const actors::account& which, actors::account_change what,
                       actors::wall_time when);

/// `to` and `queue` must outlive it. Each message to it has been admitted to the queue.
auditor_actor spawn_auditor(caf::actor_system& sys, audit_log& to, audit_queue& queue,
                            bool own_thread);

} // namespace troupe::monitor
