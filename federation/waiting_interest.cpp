// federation/waiting_interest.cpp: what a peer wants in accounts that are not known here.
#include "federation/waiting_interest.hpp"

#include <utility>

namespace troupe::federation {

waiting_interest::outcome waiting_interest::add(key what, uint32_t weight) {
  if (auto known = all_.find(what); known != all_.end()) {
    known->second = weight;
    return outcome::known;
  }
  auto cost = cost_of(what);
  if (bytes_ + cost > most_bytes)
    return std::exchange(overflowed_, true) ? outcome::full : outcome::overflowed;
  auto next = all_.lower_bound(key{what.account, {}, {}, {}});
  bool is_new = next == all_.end() || next->first.account != what.account;
  bytes_ += cost;
  all_.emplace(std::move(what), weight);
  return is_new ? outcome::new_account : outcome::added;
}

void waiting_interest::drop(const key& what) {
  if (all_.erase(what) > 0)
    bytes_ -= cost_of(what);
}

void waiting_interest::drop_plain(std::string_view account) {
  auto it = all_.lower_bound(key{std::string{account}, {}, {}, {}});
  while (it != all_.end() && it->first.account == account) {
    if (!it->first.queue.empty()) {
      ++it;
      continue;
    }
    bytes_ -= cost_of(it->first);
    it = all_.erase(it);
  }
}

void waiting_interest::clear() noexcept {
  all_.clear();
  bytes_ = 0;
}

} // namespace troupe::federation
