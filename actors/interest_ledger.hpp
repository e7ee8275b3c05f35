// actors/interest_ledger.hpp: how much interest there is in each subject of an account, and whose.
#pragma once

#include "actors/leaf_interest.hpp"
#include "actors/link_registry.hpp"
#include "actors/subscription.hpp"
#include "actors/timer_wheel.hpp"
#include "protocol/flat_table.hpp"
#include "protocol/subject_text.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::actors {

/// Subscriptions, or for a queue group members, of one subject and queue.
struct interest_counts {
  uint32_t client = 0; ///< also the broker's own, and streams that other accounts take
  uint32_t service = 0;
  uint32_t route = 0; ///< but for those on behalf of leafs
  uint32_t gateway = 0;
  uint32_t leaf_up = 0;
  leaf_sums leafs;                 ///< behind all leaf clusters
  leaf_sums own;                   ///< of that, behind the one that was asked for
  std::vector<leaf_interest> each; ///< if that was asked for
  uint32_t steps = 0;              ///< leaf clusters that were looked at
};

/// Counts what stands in an account's sublist, by exact subject and queue; changed by the account
/// together with it. Any thread; one mutex, held for one look-up.
///
/// A change is noted where it is made (interest_news) and told to the links a little later. Until
/// then (`told()`) everybody who changes the same subject notes it as well: else somebody whose own
/// subscription changes no number could publish before it is told.
class interest_ledger {
public:
  explicit interest_ledger(link_registry& links) noexcept : links_{links} {}
  interest_ledger(const interest_ledger&) = delete;
  interest_ledger& operator=(const interest_ledger&) = delete;

  /// True: links may have to be told; the caller notes it, and calls told() afterwards.
  bool count(const subscription& what, bool comes);
  /// What was noted has been sent to the links.
  void told(const protocol::subject_text& what);

  /// `own`: a leaf cluster; empty: leafs without a name. `each`: every leaf cluster's, too, which
  /// costs as much as there are.
  interest_counts counts(const protocol::subject_text& what, std::string_view own = {},
                         bool each = false) const;
  /// Every subject and queue that there is interest in; for a link that is new. Look each up again.
  std::vector<shared_text> all() const;
  size_t size() const;

  link_registry& links() const noexcept { return links_; }

private:
  struct seldom {
    uint32_t service = 0;
    uint32_t leaf_up = 0;
    leaf_interests leafs;
  };
  static_assert(sizeof(seldom) == 32);
  struct entry {
    shared_text text;
    uint32_t hash = 0;
    uint32_t client = 0;
    uint32_t route = 0;
    uint16_t gateway = 0;
    uint16_t untold = 0; // once it is full it stays so: then everybody notes everything
    std::unique_ptr<seldom> rest;
    bool used() const noexcept { return static_cast<bool>(text); }
    bool idle() const noexcept {
      return client == 0 && route == 0 && gateway == 0 && untold == 0 && !rest;
    }
  };
  static_assert(sizeof(entry) == 32);

  entry* find(const protocol::subject_text& what, uint32_t hash) const;
  static bool change(entry& where, const subscription& what, bool comes);
  static bool change_leafs(entry& where, const subscription& what, bool comes);

  link_registry& links_;
  mutable std::mutex mutex_;
  mutable protocol::flat_table<entry> table_;
};

/// Milliseconds that wrap around; never 0.
inline uint32_t birth_time(loop_clock::time_point when) noexcept {
  return static_cast<uint32_t>(
             std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count())
         | 1;
}
/// Of subject and queue.
uint32_t hash_of(const protocol::subject_text& text) noexcept;
bool same_text(const protocol::subject_text& a, const protocol::subject_text& b) noexcept;
/// Whose interest it is.
protocol::interest_source source_of(const subscription& what) noexcept;

} // namespace troupe::actors
