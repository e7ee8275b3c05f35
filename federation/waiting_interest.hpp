// federation/waiting_interest.hpp: what a peer wants in accounts that are not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace troupe::federation {

/// What the log says of `overflowed`.
inline constexpr std::string_view too_much_waits =
    "It wants more in accounts that are not known here than is remembered; what it has wanted "
    "since "
    "is lost should the account come";

/// A resolver may bring such an account later, and a peer says its interest only once. A peer may
/// also make accounts up: what it says beyond `most_bytes` is not remembered.
class waiting_interest {
public:
  static constexpr size_t most_bytes = size_t{32} * 1024 * 1024;

  struct key {
    std::string account, origin, subject, queue;
    auto operator<=>(const key&) const = default;
  };
  enum class outcome : uint8_t {
    known, ///< perhaps with another weight
    added,
    new_account, ///< added, as the first of its account
    full,        ///< forgotten, and it is not the first one
    overflowed,  ///< forgotten, as the first one
  };

  outcome add(key what, uint32_t weight);
  void drop(const key& what);
  /// All without a queue group in that account.
  void drop_plain(std::string_view account);
  void clear() noexcept;
  size_t size() const noexcept { return all_.size(); }
  /// In their order, the account that comes next; empty: it was the last one.
  std::string account_behind(const std::string& account) const {
    auto next = all_.lower_bound(key{account + '\0', {}, {}, {}});
    return next == all_.end() ? std::string{} : next->first.account;
  }

  /// Hands over what waits for `account`, as (key, weight), and forgets it.
  template <class F>
  void take(const std::string& account, F&& take_over) {
    auto it = all_.lower_bound(key{account, {}, {}, {}});
    while (it != all_.end() && it->first.account == account) {
      take_over(it->first, it->second);
      bytes_ -= cost_of(it->first);
      it = all_.erase(it);
    }
  }

private:
  /// With a node of the map and the texts' own memory, roughly.
  static size_t cost_of(const key& what) noexcept {
    return what.account.size() + what.origin.size() + what.subject.size() + what.queue.size()
           + sizeof(key) + 64;
  }

  std::map<key, uint32_t> all_; // and its weight
  size_t bytes_ = 0;
  bool overflowed_ = false;
};

} // namespace troupe::federation
