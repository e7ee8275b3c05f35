// actors/core.hpp: what the reactors of one broker share.
#pragma once

#include "actors/account_registry.hpp"
#include "actors/interfaces.hpp"
#include "actors/link_registry.hpp"
#include "actors/operator_mode.hpp"
#include "actors/response_table.hpp"
#include "actors/settings.hpp"
#include "actors/snapshot.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::actors {

class observer;
class reactor;

/// Hands out the small numbers by which reactors index destinations. Any thread.
class slot_numbers {
public:
  uint32_t take() {
    std::lock_guard guard{mutex_};
    if (free_.empty())
      return next_++;
    auto out = free_.back();
    free_.pop_back();
    return out;
  }
  void give_back(uint32_t slot) {
    std::lock_guard guard{mutex_};
    free_.push_back(slot);
  }

private:
  std::mutex mutex_;
  std::vector<uint32_t> free_;
  uint32_t next_ = 0;
};

/// Totals that outlive the connections they come from.
struct totals {
  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> slow_consumers{0};
  std::atomic<uint64_t> stale_connections{0};
  std::atomic<uint64_t> stalled_clients{0};
};

/// Made before the first reactor, destroyed after the last.
struct core {
  /// `federation`: null if this broker has no links to other servers, and never will.
  core(size_t reactor_count, settings_ptr first, std::unique_ptr<link_registry> federation = {})
      : links{std::move(federation)}, accounts{reactor_count,
                                               system_name(first->options),
                                               first->options.cluster_name,
                                               {},
                                               links.get()},
        responses(reactor_count), start_settings{std::move(first)} {}

  const std::unique_ptr<link_registry> links; ///< null: none
  account_registry accounts;
  current_operators operators;
  std::vector<response_table> responses; ///< by reactor
  settings_ptr start_settings;
  broker_actor supervisor;           ///< set before the first connection comes
  std::shared_ptr<observer> watcher; ///< null: nobody; set as the supervisor
  accounts_actor keeper;             ///< null: the configuration names the accounts
  std::vector<std::unique_ptr<reactor>> reactors;
  slot_numbers slots;
  std::atomic<uint64_t> next_cid{1};
  std::atomic<size_t> next_reactor{0}; ///< where a listener begins to look for the emptiest
  std::atomic<int64_t> open_connections{0};
  totals sums;
  wall_time started = std::chrono::system_clock::now();

private:
  static std::string system_name(const config::options& options) {
    return options.system_account.empty() ? "$SYS" : options.system_account;
  }
};

} // namespace troupe::actors
