// protocol/result_cache.cpp: the table of results, and the tree that wildcard changes walk.
#include "protocol/result_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "protocol/subject.hpp"

namespace troupe::protocol {

match_result* result_cache::find(std::string_view subject, uint64_t hash) noexcept {
  auto* found = table_.find(static_cast<uint32_t>(hash),
                            [&](const entry& e) { return e.result->subject() == subject; });
  return found ? found->result.get() : nullptr;
}

void result_cache::keep(const ref_ptr<match_result>& result, uint64_t hash, dropped& out) {
  auto bytes = cost(*result);
  if (is_full(bytes) && !seen_before(static_cast<uint32_t>(hash))) {
    result->set(match_result::is_stale);
    return;
  }
  while (is_full(bytes))
    evict_one(out);
  entry added{result, static_cast<uint32_t>(hash),
              static_cast<uint32_t>(std::min<size_t>(result->fanout(), UINT32_MAX))};
  result->hash_ = added.hash;
  fanout_total_ += added.fanout;
  bytes_ += bytes;
  table_.add(std::move(added));
  plant(*result);
}

bool result_cache::seen_before(uint32_t hash) {
  if (seen_.empty())
    seen_.resize(std::bit_ceil(std::clamp<size_t>(limits_.entries, 64, 1 << 20)));
  return std::exchange(seen_[hash & (seen_.size() - 1)], hash) == hash;
}

void result_cache::drop_matching(std::string_view pattern, bool literal, uint64_t hash,
                                 dropped& out) {
  if (literal) {
    if (auto* found = find(pattern, hash))
      drop(*found, out);
    return;
  }
  if (table_.size() == 0)
    return;
  if (pattern == ">") {
    drop_all(out);
    return;
  }
  find_matching(pattern);
  for (auto* result : found_)
    drop(*result, out);
  found_.clear();
}

/// Somebody who subscribes to `>` to look around must not stop every publisher while 65 536 results
/// leave one by one (80 ms): here each costs a mark, and what they own is destroyed after
/// unlocking.
void result_cache::drop_all(dropped& out) {
  out.results.reserve(out.results.size() + table_.size());
  for (size_t i = 0; i < table_.slot_count(); ++i)
    if (auto& slot = table_.slot(i); slot.used()) {
      slot.result->set(match_result::is_stale);
      out.results.push_back(std::move(slot.result));
    }
  table_ = {};
  out.nodes = tree_.uproot();
  tree_.root().first_child = nullptr;
  bytes_ = 0;
  fanout_total_ = 0;
}

size_t result_cache::max_fanout() const noexcept {
  uint32_t most = 0;
  table_.for_each([&](const entry& e) { most = std::max(most, e.fanout); });
  return most;
}

void result_cache::plant(match_result& result) {
  auto subject = result.text_->subject();
  auto* at = &tree_.root();
  for (token_walk w{subject}; !w.done(); w.advance()) {
    auto token = w.token();
    auto hash = hash_subject(token);
    auto* found = at->first_child ? tree_.child(*at, token, hash) : nullptr;
    if (!found) {
      auto offset = static_cast<uint32_t>(token.data() - subject.data());
      found = &tree_.grow(*at, {result.text_, offset, static_cast<uint32_t>(token.size())}, hash);
      found->next_sibling = at->first_child;
      if (at->first_child)
        at->first_child->previous_sibling = found;
      at->first_child = found;
    }
    at = found;
  }
  at->result = &result;
  result.place_ = at;
}

void result_cache::prune(node* leaf) {
  while (leaf->parent && !leaf->first_child && !leaf->result) {
    auto* parent = leaf->parent;
    (leaf->previous_sibling ? leaf->previous_sibling->next_sibling : parent->first_child) =
        leaf->next_sibling;
    if (leaf->next_sibling)
      leaf->next_sibling->previous_sibling = leaf->previous_sibling;
    tree_.cut(*leaf);
    leaf = parent;
  }
}

void result_cache::find_matching(std::string_view pattern) {
  level_.assign(1, &tree_.root());
  for (token_walk w{pattern}; !w.done() && !level_.empty(); w.advance()) {
    if (w.token() == ">") {
      for (auto* at : level_)
        collect_below(*at);
      return;
    }
    below_.clear();
    auto hash = hash_subject(w.token());
    for (auto* at : level_)
      if (w.token() == "*") {
        for (auto* child = at->first_child; child; child = child->next_sibling)
          below_.push_back(child);
      } else if (auto* child = tree_.child(*at, w.token(), hash)) {
        below_.push_back(child);
      }
    level_.swap(below_);
  }
  for (auto* at : level_)
    if (at->result)
      found_.push_back(at->result);
}

/// Parents and siblings lead the way, not the stack: subjects may be as deep as peers like.
void result_cache::collect_below(node& top) {
  for (auto* at = top.first_child; at;) {
    if (at->result)
      found_.push_back(at->result);
    if (at->first_child) {
      at = at->first_child;
      continue;
    }
    while (at != &top && !at->next_sibling)
      at = at->parent;
    if (at == &top)
      return;
    at = at->next_sibling;
  }
}

void result_cache::drop(match_result& result, dropped& out) {
  result.set(match_result::is_stale);
  auto* found =
      table_.find(result.hash_, [&](const entry& e) { return e.result.get() == &result; });
  fanout_total_ -= found->fanout;
  bytes_ -= cost(result);
  auto* place = static_cast<node*>(result.place_);
  out.results.push_back(std::move(found->result));
  table_.erase(found);
  place->result = nullptr;
  prune(place);
}

/// Takes, of a few neighbours somewhere, one that no publisher holds: hot results live in the
/// publishers' own caches and never ask here, so being held is the mark of use. A hand that sweeps
/// the table in order would be fairer still, but it leaves a full stretch ahead of itself and an
/// empty one behind, and probing in the full one made an eviction cost 10 us.
void result_cache::evict_one(dropped& out) {
  constexpr int looks = 8;
  hand_ = hand_ * 6364136223846793005u + 1442695040888963407u;
  match_result* victim = nullptr;
  int looked = 0;
  for (size_t at = hand_ >> 32; looked < looks; ++at) {
    auto& slot = table_.slot(at & (table_.slot_count() - 1));
    if (!slot.used())
      continue;
    ++looked;
    if (!victim || slot.result->unique())
      victim = slot.result.get();
    if (victim->unique())
      break;
  }
  drop(*victim, out);
}

size_t result_cache::cost(const match_result& result) noexcept {
  // Tokens that other subjects share are counted again: the sum is an upper bound, and stays the
  // same from keep() to drop().
  return result.bytes_used() + token_count(result.subject()) * (sizeof(node) + 16);
}

} // namespace troupe::protocol
