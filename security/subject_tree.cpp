// security/subject_tree.cpp: token by token over all branches that still fit, without recursion.
#include "security/subject_tree.hpp"

#include "protocol/subject.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

namespace troupe::security {
namespace {

size_t hash_edge(uint32_t parent, std::string_view token) noexcept {
  auto mixed = std::hash<std::string_view>{}(token) ^ (parent * size_t{0x9e3779b97f4a7c15});
  return mixed ^ (mixed >> 29);
}

bool has_empty_token(std::string_view subject) noexcept {
  return subject.empty() || subject.front() == '.' || subject.back() == '.'
         || subject.find("..") != subject.npos;
}

} // namespace

/// The branches that fit so far; inline for what occurs in practice.
class subject_tree::node_set {
public:
  void add(uint32_t which) {
    if (size_ < few_.size())
      few_[size_] = which;
    else
      spill(which);
    ++size_;
  }
  bool empty() const noexcept { return size_ == 0; }
  void clear() noexcept {
    size_ = 0;
    many_.clear();
  }
  std::span<const uint32_t> all() const noexcept {
    return many_.empty() ? std::span{few_.data(), size_} : std::span{many_};
  }

private:
  void spill(uint32_t which) {
    if (many_.empty())
      many_.assign(few_.begin(), few_.end());
    many_.push_back(which);
  }

  std::array<uint32_t, 32> few_;
  size_t size_ = 0;
  std::vector<uint32_t> many_;
};

struct subject_tree::search {
  relation how;
  std::string_view queue;
  findings found;
};

bool queue_covers(std::string_view pattern, std::string_view queue) noexcept {
  // A queue is a name: `>` as a name is one token, and "a..b" is a name that `>` covers.
  return protocol::is_subset(queue, pattern) || protocol::matches(queue, pattern);
}

subject_tree::subject_tree() : nodes_(1) {}

uint32_t subject_tree::new_node() {
  nodes_.emplace_back();
  return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t subject_tree::grow(uint32_t parent, std::string_view token) {
  if (token == "*") {
    if (nodes_[parent].star == none) {
      auto fresh = new_node();
      nodes_[parent].star = fresh;
    }
    return nodes_[parent].star;
  }
  if (auto known = child_of(parent, token); known != none)
    return known;
  auto fresh = new_node();
  auto which = static_cast<uint32_t>(edges_.size());
  edges_.push_back({parent, fresh, std::string{token}});
  nodes_[parent].edges.push_back(which);
  if (edges_.size() * 2 > slots_.size())
    widen();
  else
    place(which);
  return fresh;
}

void subject_tree::add(std::string_view subject, std::string_view queue) {
  uint32_t at = 0;
  bool tail = false;
  for (protocol::token_walk w{subject}; !w.done() && !tail; w.advance()) {
    tail = w.token() == ">" && w.last();
    if (!tail)
      at = grow(at, w.token());
  }
  auto& which = tail ? nodes_[at].tail : nodes_[at].end;
  if (which == none) {
    which = static_cast<uint32_t>(ends_.size());
    ends_.emplace_back();
  }
  if (queue.empty())
    ends_[which].plain = true;
  else
    ends_[which].queues.emplace_back(queue);
}

void subject_tree::place(uint32_t which) noexcept {
  auto mask = slots_.size() - 1;
  auto slot = hash_edge(edges_[which].parent, edges_[which].token) & mask;
  while (slots_[slot] != none)
    slot = (slot + 1) & mask;
  slots_[slot] = which;
}

void subject_tree::widen() {
  slots_.assign(std::max<size_t>(8, slots_.size() * 2), none);
  for (uint32_t which = 0; which < edges_.size(); ++which)
    place(which);
}

uint32_t subject_tree::child_of(uint32_t parent, std::string_view token) const noexcept {
  if (slots_.empty())
    return none;
  auto mask = slots_.size() - 1;
  for (auto slot = hash_edge(parent, token) & mask; slots_[slot] != none; slot = (slot + 1) & mask)
    if (const auto& e = edges_[slots_[slot]]; e.parent == parent && e.token == token)
      return e.child;
  return none;
}

void subject_tree::take(uint32_t which, search& s) const {
  if (which == none)
    return;
  const auto& e = ends_[which];
  s.found.plain = s.found.plain || e.plain;
  s.found.with_queue = s.found.with_queue || !e.queues.empty();
  if (s.queue.empty() || s.found.queue_covered)
    return;
  for (const auto& pattern : e.queues)
    if (queue_covers(pattern, s.queue)) {
      s.found.queue_covered = true;
      return;
    }
}

void subject_tree::take_everything_below(const node& at, search& s) const {
  take(at.tail, s);
  std::vector<uint32_t> open;
  auto open_children = [&](const node& n) {
    if (n.star != none)
      open.push_back(n.star);
    for (auto which : n.edges)
      open.push_back(edges_[which].child);
  };
  open_children(at);
  while (!open.empty()) {
    const auto& n = nodes_[open.back()];
    open.pop_back();
    take(n.end, s);
    take(n.tail, s);
    open_children(n);
  }
}

void subject_tree::step(const node& at, std::string_view token, bool full_wildcard, search& s,
                        node_set& next) const {
  if (full_wildcard && s.how != relation::matches) {
    if (s.how == relation::contains)
      take(at.tail, s);
    else
      take_everything_below(at, s);
    return;
  }
  take(at.tail, s);
  if (at.star != none)
    next.add(at.star);
  if (token == "*" && s.how != relation::matches) {
    if (s.how == relation::overlaps)
      for (auto which : at.edges)
        next.add(edges_[which].child);
    return;
  }
  if (auto child = child_of(static_cast<uint32_t>(&at - nodes_.data()), token); child != none)
    next.add(child);
}

subject_tree::findings subject_tree::find(std::string_view subject, relation how,
                                          std::string_view queue) const {
  search s{how, queue, {}};
  if (how == relation::matches && has_empty_token(subject))
    return s.found;
  node_set sets[2];
  node_set* here = &sets[0];
  node_set* next = &sets[1];
  here->add(0);
  for (protocol::token_walk w{subject}; !w.done() && !here->empty(); w.advance()) {
    next->clear();
    bool full_wildcard = w.last() && w.token() == ">";
    for (auto which : here->all())
      step(nodes_[which], w.token(), full_wildcard, s, *next);
    std::swap(here, next);
    if (full_wildcard && how != relation::matches)
      return s.found;
  }
  for (auto which : here->all())
    take(nodes_[which].end, s);
  return s.found;
}

} // namespace troupe::security
