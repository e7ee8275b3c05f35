// actors/leaf_interest.cpp: one leaf cluster alone, or a table of them and what it comes to.
#include "actors/leaf_interest.hpp"

#include "protocol/subject_hash.hpp"

#include <utility>

namespace troupe::actors {
namespace {

uint32_t hash_of_name(std::string_view name) noexcept {
  auto out = protocol::hash_subject(name);
  return static_cast<uint32_t>(out ^ (out >> 32));
}

template <class Number>
void adjust(Number& count, uint32_t weight, bool comes) noexcept {
  count = static_cast<Number>(comes ? count + weight : count - weight);
}

} // namespace

leaf_interests::entry* leaf_interests::crowd::find(std::string_view name, uint32_t hash,
                                                   uint32_t& steps) noexcept {
  return table.find(hash, [&](const entry& one) {
    ++steps;
    return one.what.name() == name;
  });
}

void leaf_interests::change(const shared_text& cluster, uint32_t leaf_interest::*which,
                            uint32_t weight, bool comes) {
  leaf_interest fresh{cluster, 0, 0};
  adjust(fresh.*which, weight, true);
  if (fresh.none())
    return; // the table would take it for a place that is free
  if (!crowd_) {
    bool same = only_.name() == fresh.name();
    if (same && !only_.none()) {
      adjust(only_.*which, weight, comes);
      if (only_.none())
        only_ = {};
      return;
    }
    if (!comes)
      return; // it was never there
    if (only_.none()) {
      only_ = std::move(fresh);
      return;
    }
    crowd_ = std::make_unique<crowd>();
    crowd_->all = {only_.down, only_.routed};
    auto hash = hash_of_name(only_.name());
    crowd_->table.add({std::exchange(only_, {}), hash});
  }
  auto hash = hash_of_name(fresh.name());
  uint32_t steps = 0;
  auto* known = crowd_->find(fresh.name(), hash, steps);
  if (!known && !comes)
    return;
  adjust(which == &leaf_interest::down ? crowd_->all.down : crowd_->all.routed, weight, comes);
  if (!known) {
    crowd_->table.add({std::move(fresh), hash});
    return;
  }
  adjust(known->what.*which, weight, comes);
  if (known->what.none()) {
    crowd_->table.erase(known);
    if (crowd_->table.size() == 1)
      part();
  }
}

/// One is left.
void leaf_interests::part() noexcept {
  auto gone = std::move(crowd_);
  gone->table.for_each([&](const entry& one) { only_ = one.what; });
}

leaf_sums leaf_interests::all() const noexcept {
  return crowd_ ? crowd_->all : leaf_sums{only_.down, only_.routed};
}

leaf_sums leaf_interests::of(std::string_view name, uint32_t& steps) const noexcept {
  const auto* found = &only_;
  if (crowd_) {
    const auto* known = crowd_->find(name, hash_of_name(name), steps);
    found = known ? &known->what : nullptr;
  } else {
    ++steps;
  }
  if (!found || found->name() != name)
    return {};
  return {found->down, found->routed};
}

} // namespace troupe::actors
