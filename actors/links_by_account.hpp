// actors/links_by_account.hpp: finds the links of one account among thousands.
#pragma once

#include "actors/link_destination.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

namespace troupe::actors {

/// The order in which link_registry keeps its links: by the address of the one account that they
/// carry.
struct by_account {
  static const account* of(const account* one) noexcept { return one; }
  static const account* of(const link_destination_ptr& one) noexcept { return one->account.get(); }
  bool operator()(const auto& a, const auto& b) const noexcept {
    return std::less<const account*>{}(of(a), of(b));
  }
};

/// Those for that account alone; null: those that carry several. `all`: of a link_registry.
inline std::span<const link_destination_ptr>
links_of(const account* which, const std::vector<link_destination_ptr>& all) {
  auto [begin, end] = std::equal_range(all.begin(), all.end(), which, by_account{});
  return {begin, end};
}

} // namespace troupe::actors
