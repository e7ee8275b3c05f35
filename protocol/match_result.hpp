// protocol/match_result.hpp: who receives what is published to one literal subject.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string_view>

#include "protocol/interest.hpp"
#include "protocol/interest_set.hpp"

namespace troupe::protocol {

/// All members of one queue group, over every subscription subject that matched: `a.*` and `a.b`
/// with the same queue name are one group. Exactly one member gets the message.
struct queue_group {
  /// Where a member is. Smaller is preferred; the caller decides (client-protocol.md section 8).
  enum reach : uint8_t { local, leafnode, route, gateway, reach_count };
  static constexpr reach reach_of(peer_kind kind) {
    switch (kind) {
    case peer_kind::client: return local;
    case peer_kind::system: return local;
    case peer_kind::leafnode: return leafnode;
    case peer_kind::route: return route;
    case peer_kind::gateway: return gateway;
    }
    return local;
  }

  std::string_view name;
  /// Ordered by reach. A connection that matched by two of its subscriptions is in here twice.
  std::span<interest* const> members;
  std::array<uint32_t, reach_count> counts{};  // members of each reach
  std::array<uint64_t, reach_count> weights{}; // sum of their weights

  std::span<interest* const> members_at(reach where) const noexcept {
    size_t before = 0;
    for (size_t i = 0; i < where; ++i)
      before += counts[i];
    return members.subspan(before, counts[where]);
  }
};

/// Immutable and shared between threads; keeps its interests alive. What it says stays true until
/// `stale()`, which a change of interest sets before it returns to whoever made it. Then ask the
/// sublist again; a message under way may still use what it has.
class match_result final : public ref_counted<match_result> {
public:
  /// Copies what `sets` hold now. For the sublist and its tests.
  static ref_ptr<match_result> make(std::string_view subject,
                                    std::span<const interest_set* const> sets);
  ~match_result();

  /// Every matching subscription without a queue name: each gets a copy.
  std::span<interest* const> plain() const noexcept { return {items_.get(), plain_count_}; }
  std::span<const queue_group> groups() const noexcept { return {groups_.get(), group_count_}; }
  bool empty() const noexcept { return item_count_ == 0; }
  /// Deliveries that one message makes here: plain subscribers and groups.
  size_t fanout() const noexcept { return plain_count_ + group_count_; }
  std::string_view subject() const noexcept { return text_->subject(); }

  bool stale() const noexcept { return (state_.load(std::memory_order_acquire) & is_stale) != 0; }
  /// Links to other servers are among the interested: they need other care than clients.
  bool linked() const noexcept { return (state_.load(std::memory_order_relaxed) & is_linked) != 0; }
  /// Neither stale nor linked: one test for what nearly all messages are.
  bool simple() const noexcept { return state_.load(std::memory_order_acquire) == 0; }

private:
  friend class result_cache;

  explicit match_result(std::string_view subject) : text_{subject_text::make(subject)} {}
  void take_over(std::span<const interest_set* const> sets);
  void group(std::span<interest* const> queued);
  size_t bytes_used() const noexcept;

  static constexpr uint8_t is_stale = 1;
  static constexpr uint8_t is_linked = 2;
  /// Under the sublist's mutex, but for the first time.
  void set(uint8_t flag) noexcept {
    state_.store(static_cast<uint8_t>(state_.load(std::memory_order_relaxed) | flag),
                 std::memory_order_release);
  }

  std::atomic<uint8_t> state_{0};
  uint32_t hash_ = 0; // this and `place_` belong to the cache, under the sublist's mutex
  void* place_ = nullptr;
  ref_ptr<const subject_text> text_;
  std::unique_ptr<interest*[]> items_; // plain ones, then one group after the other
  std::unique_ptr<queue_group[]> groups_;
  size_t item_count_ = 0;
  size_t plain_count_ = 0;
  size_t group_count_ = 0;
};

} // namespace troupe::protocol
