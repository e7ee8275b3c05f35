// protocol/pattern_tree.hpp: finds the wildcard subscriptions that match a literal subject.
#pragma once

#include <string_view>
#include <vector>

#include "protocol/interest_set.hpp"
#include "protocol/token_tree.hpp"

namespace troupe::protocol {

/// A tree of tokens in which `*` and `>` are links of their own. A match visits existing nodes that
/// match the subject so far, each at most once: unrelated subscriptions cost nothing, and a tree of
/// nothing but `*` costs what was subscribed to build it. Takes any valid subscription, literal
/// ones too. Not synchronised.
class pattern_tree {
public:
  /// False if `item` stands in some sublist already.
  bool add(const ref_ptr<interest>& item);
  /// Null if it is not in here.
  ref_ptr<interest> take(interest& item);
  /// Those who subscribed to just this pattern; null if nobody did.
  const interest_set* find(std::string_view pattern);
  /// Appends every set whose pattern matches. `subject` has no empty token, and its tokens are
  /// literal even if they look like wildcards.
  void match(std::string_view subject, std::vector<const interest_set*>& out);
  size_t node_count() const noexcept { return tree_.size(); }

  template <class Visit>
  void for_each(Visit&& visit) const {
    tree_.for_each([&](const node& n) {
      for (auto* item : n.set.items())
        visit(*item);
    });
  }

private:
  struct node { // 56 bytes: with the allocator's word one cache line
    [[no_unique_address]] interest_set set;
    uint32_t children = 0; // `star` and `full` included
    node* parent = nullptr;
    node* star = nullptr; // `*`
    node* full = nullptr; // `>`
    token_slice token;
  };
  static_assert(sizeof(node) <= 56);

  node* walk(std::string_view pattern);
  node* next(node& from, std::string_view token);
  node& grow(node& from, token_slice token);
  void prune(node* leaf);

  token_tree<node> tree_;
  std::vector<node*> level_; // scratch of match(): who matches so far, and who matches next
  std::vector<node*> below_;
};

} // namespace troupe::protocol
