// protocol/match_result.cpp: copies matching sets into one result, group by group.
#include "protocol/match_result.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "protocol/subject_hash.hpp"

namespace troupe::protocol {
namespace {

struct seeded_hash {
  size_t operator()(std::string_view name) const noexcept { return hash_subject(name); }
};

} // namespace

ref_ptr<match_result> match_result::make(std::string_view subject,
                                         std::span<const interest_set* const> sets) {
  ref_ptr<match_result> result{new match_result(subject)};
  result->take_over(sets);
  return result;
}

match_result::~match_result() {
  for (size_t i = 0; i < item_count_; ++i)
    items_[i]->release();
}

void match_result::take_over(std::span<const interest_set* const> sets) {
  for (auto* set : sets)
    item_count_ += set->size();
  if (item_count_ == 0)
    return;
  items_ = std::make_unique<interest*[]>(item_count_);
  bool linked = false;
  std::vector<interest*> queued;
  for (auto* set : sets)
    for (auto* item : set->items()) {
      item->retain();
      linked = linked || is_link(item->kind());
      if (item->queued())
        queued.push_back(item);
      else
        items_[plain_count_++] = item;
    }
  if (linked)
    set(is_linked);
  if (!queued.empty())
    group(queued);
}

/// Counting sort by (group, reach): a group of 50 000 must not cost a comparison of names each.
void match_result::group(std::span<interest* const> queued) {
  std::unordered_map<std::string_view, uint32_t, seeded_hash> numbers;
  std::vector<queue_group> groups;
  std::vector<uint32_t> group_of;
  group_of.reserve(queued.size());
  for (auto* item : queued) {
    bool as_before = !group_of.empty() && groups[group_of.back()].name == item->queue();
    auto number = as_before ? group_of.back()
                            : numbers.try_emplace(item->queue(), groups.size()).first->second;
    if (number == groups.size())
      groups.emplace_back().name = item->queue();
    auto reach = queue_group::reach_of(item->kind());
    ++groups[number].counts[reach];
    groups[number].weights[reach] += item->weight();
    group_of.push_back(number);
  }
  std::vector<std::array<size_t, queue_group::reach_count>> next(groups.size());
  auto at = plain_count_;
  for (size_t g = 0; g < groups.size(); ++g) {
    auto begin = at;
    for (size_t reach = 0; reach < queue_group::reach_count; ++reach) {
      next[g][reach] = at;
      at += groups[g].counts[reach];
    }
    groups[g].members = {items_.get() + begin, at - begin};
  }
  for (size_t i = 0; i < queued.size(); ++i)
    items_[next[group_of[i]][queue_group::reach_of(queued[i]->kind())]++] = queued[i];
  group_count_ = groups.size();
  groups_ = std::make_unique<queue_group[]>(group_count_);
  std::copy(groups.begin(), groups.end(), groups_.get());
}

size_t match_result::bytes_used() const noexcept {
  return sizeof(*this) + text_->bytes_used() + item_count_ * sizeof(interest*)
         + group_count_ * sizeof(queue_group);
}

} // namespace troupe::protocol
