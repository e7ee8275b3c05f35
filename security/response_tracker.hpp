// security/response_tracker.hpp: which reply subjects one connection may still answer on.
#pragma once

#include "security/permissions.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::security {

/// The `allow_responses` table of one connection (accounts-and-auth.md section 8.4); not for use by
/// two threads. Never asks a clock: `now` must not run backwards. Holds at most `max_entries`, the
/// oldest goes first; what has expired is dropped whenever something is remembered.
class response_tracker {
public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr size_t max_entries = 4096;

  /// Zero in `rule` stands for the defaults of `response_rule`, negative for "without limit".
  explicit response_tracker(response_rule rule);

  /// A message with this reply subject is being delivered to the connection. Call it only where
  /// `permissions::may_publish(reply)` says no. Said again, it starts the count and time afresh.
  void remember(std::string_view reply, time_point now);

  /// May the connection publish on `reply` now? Counts as one answer if so, and overrides deny
  /// entries. The first publish beyond the limits is refused and the subject forgotten.
  bool use(std::string_view reply, time_point now);

  size_t size() const noexcept { return by_reply_.size(); }

private:
  struct entry {
    std::string reply;
    int64_t left;
    time_point since;
  };
  using order = std::list<entry>;

  bool expired(const entry& e, time_point now) const noexcept;
  void drop_oldest();

  response_rule rule_;
  order entries_;                                                  ///< by `since`, oldest first
  std::unordered_map<std::string_view, order::iterator> by_reply_; ///< keys live in `entries_`
};

} // namespace troupe::security
