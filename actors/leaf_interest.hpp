// actors/leaf_interest.hpp: how much interest there is behind each leaf cluster, and behind all.
#pragma once

#include "protocol/flat_table.hpp"
#include "protocol/subject_text.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace troupe::actors {

using shared_text = protocol::ref_ptr<const protocol::subject_text>;

/// Interest behind leaf clusters: that of leafs of ours, and that of which routes say that it
/// exists only for such a leaf.
struct leaf_sums {
  uint64_t down = 0;
  uint64_t routed = 0;
};

/// That of one cluster.
struct leaf_interest {
  shared_text cluster; ///< null: leafs without a name
  uint32_t down = 0;
  uint32_t routed = 0;

  bool none() const noexcept { return down == 0 && routed == 0; }
  std::string_view name() const noexcept {
    return cluster ? cluster->subject() : std::string_view{};
  }
};

/// What leaf clusters want of one subject and queue. Each link to one of them asks for all and for
/// its own with each change: neither may cost more the more there are.
class leaf_interests {
public:
  /// `which`: a number of leaf_interest.
  void change(const shared_text& cluster, uint32_t leaf_interest::*which, uint32_t weight,
              bool comes);
  bool none() const noexcept { return only_.none() && !crowd_; }
  leaf_sums all() const noexcept;
  /// Of the cluster with that name. `steps`: grows by how many clusters were looked at.
  leaf_sums of(std::string_view name, uint32_t& steps) const noexcept;
  /// In no order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (!only_.none())
      visit(only_);
    if (crowd_)
      crowd_->table.for_each([&](const entry& one) { visit(one.what); });
  }

private:
  struct entry {
    leaf_interest what;
    uint32_t hash = 0;
    bool used() const noexcept { return !what.none(); }
  };
  /// Two and more.
  struct crowd {
    protocol::flat_table<entry> table;
    leaf_sums all;
    entry* find(std::string_view name, uint32_t hash, uint32_t& steps) noexcept;
  };

  void part() noexcept;

  leaf_interest only_; // by far the most are wanted by one leaf cluster only
  std::unique_ptr<crowd> crowd_;
};
static_assert(sizeof(leaf_interests) == 24);

} // namespace troupe::actors
