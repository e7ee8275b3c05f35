// protocol/sublist.hpp: who is interested in what, within one account.
#pragma once

#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "protocol/interest.hpp"
#include "protocol/literal_table.hpp"
#include "protocol/match_result.hpp"
#include "protocol/pattern_tree.hpp"
#include "protocol/result_cache.hpp"

namespace troupe::protocol {

/// What /subsz shows (monitoring.md section 9); add those of several accounts with +=.
struct sublist_stats {
  uint64_t subscriptions = 0;
  uint64_t cache_entries = 0;
  uint64_t cache_bytes = 0;
  uint64_t inserts = 0;
  uint64_t removes = 0;
  uint64_t matches = 0; // calls of match(); publishers that keep a result do not call
  uint64_t cache_hits = 0;
  uint64_t max_fanout = 0; // over the cached results; a queue group counts as one
  uint64_t fanout_total = 0;

  double avg_fanout() const noexcept { return ratio(fanout_total, cache_entries); }
  double cache_hit_rate() const noexcept { return ratio(cache_hits, matches); }
  sublist_stats& operator+=(const sublist_stats& other) noexcept;

private:
  static double ratio(uint64_t part, uint64_t whole) noexcept {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

/// The one structure that reactors share on purpose. Every function may be called from any thread.
/// One mutex guards changes and matching; a publisher keeps what match() gave it and returns only
/// when that is stale, so it takes no lock for a message.
///
/// A change that has returned is visible: any `stale()` that happens after it says so, and any
/// match() after it counts it in. It marks only results whose subject the changed subscription
/// matches; what it costs depends on how many such subjects are cached, not on anything else.
class sublist {
public:
  explicit sublist(cache_limits limits = {}) : cache_{limits} {}
  sublist(const sublist&) = delete;
  sublist& operator=(const sublist&) = delete;
  /// Results that outlive it are stale.
  ~sublist();

  /// False, and nothing changes, if the subject is no valid subscription (an empty token, `>`
  /// before the end) or the interest stands in a sublist already.
  bool insert(const ref_ptr<interest>& item);
  /// False if it is not in here. O(1) however many subscribe to the same subject.
  bool remove(interest& item);

  /// A text for the interest about to be inserted: that of a subscription which stands here with
  /// the same subject and queue if there is one, else a new one. In a fleet, thousands subscribe to
  /// the same few subjects and need not each keep a copy.
  ref_ptr<const subject_text> share_text(std::string_view subject, std::string_view queue = {});

  /// Never null. Tokens of `subject` are literal even if they look like wildcards; an empty token
  /// matches nothing. A result may be stale at any time, even at once, because the cache has no
  /// room for it: use it for the message at hand and ask again for the next one, never in a loop.
  ref_ptr<const match_result> match(std::string_view subject);

  /// How many interests match the literal `subject`, queue members counted singly. Not cached.
  size_t count_interest(std::string_view subject);
  bool has_interest(std::string_view subject);

  size_t size() const;
  sublist_stats stats() const;
  /// In no particular order and under the lock: `visit` must not call back into the sublist, block
  /// or take long. To keep one, take a `ref_ptr`.
  void for_each(const std::function<void(interest&)>& visit) const;

private:
  void find_sets(std::string_view subject, uint64_t hash);

  mutable std::mutex mutex_;
  // The tree could hold literal subjects as well, but of 200 000 each took 212 bytes there instead
  // of 42 here, and 0.8 us to find instead of 0.2 (bench/sublist_bench.cpp).
  literal_table literals_;
  pattern_tree patterns_;
  result_cache cache_;
  std::vector<const interest_set*> sets_; // scratch of find_sets()
  sublist_stats counters_;                // of these only what is counted as it happens
  const ref_ptr<const match_result> nothing_ = match_result::make({}, {});
};

} // namespace troupe::protocol
