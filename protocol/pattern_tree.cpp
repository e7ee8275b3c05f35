// protocol/pattern_tree.cpp: walking, growing and pruning the tree of patterns.
#include "protocol/pattern_tree.hpp"

#include "protocol/subject.hpp"

namespace troupe::protocol {

bool pattern_tree::add(const ref_ptr<interest>& item) {
  auto& text = item->text();
  auto* at = &tree_.root();
  for (token_walk w{text->subject()}; !w.done(); w.advance()) {
    auto token = w.token();
    auto* found = next(*at, token);
    auto offset = static_cast<uint32_t>(token.data() - text->subject().data());
    at = found ? found : &grow(*at, {text, offset, static_cast<uint32_t>(token.size())});
  }
  if (at->set.add(item))
    return true;
  prune(at);
  return false;
}

ref_ptr<interest> pattern_tree::take(interest& item) {
  auto* at = walk(item.subject());
  if (!at)
    return {};
  auto taken = at->set.take(item);
  if (taken)
    prune(at);
  return taken;
}

const interest_set* pattern_tree::find(std::string_view pattern) {
  auto* at = walk(pattern);
  return at && !at->set.empty() ? &at->set : nullptr;
}

void pattern_tree::match(std::string_view subject, std::vector<const interest_set*>& out) {
  if (tree_.size() == 0)
    return;
  level_.assign(1, &tree_.root());
  for (token_walk w{subject}; !w.done() && !level_.empty(); w.advance()) {
    auto hash = hash_subject(w.token());
    below_.clear();
    for (auto* at : level_) {
      if (at->full && !at->full->set.empty())
        out.push_back(&at->full->set);
      if (at->star)
        below_.push_back(at->star);
      // A literal token never equals "*" or ">" in here: those hang on the links above.
      if (at->children > (at->star ? 1u : 0u) + (at->full ? 1u : 0u) && w.token() != "*"
          && w.token() != ">")
        if (auto* found = tree_.child(*at, w.token(), hash))
          below_.push_back(found);
    }
    level_.swap(below_);
  }
  for (auto* at : level_)
    if (!at->set.empty())
      out.push_back(&at->set);
}

pattern_tree::node* pattern_tree::walk(std::string_view pattern) {
  auto* at = &tree_.root();
  for (token_walk w{pattern}; !w.done() && at; w.advance())
    at = next(*at, w.token());
  return at;
}

pattern_tree::node* pattern_tree::next(node& from, std::string_view token) {
  if (token == "*")
    return from.star;
  if (token == ">")
    return from.full;
  return from.children == 0 ? nullptr : tree_.child(from, token, hash_subject(token));
}

pattern_tree::node& pattern_tree::grow(node& from, token_slice token) {
  auto view = token.view();
  auto& grown = tree_.grow(from, std::move(token), hash_subject(view));
  ++from.children;
  if (view == "*")
    from.star = &grown;
  else if (view == ">")
    from.full = &grown;
  return grown;
}

void pattern_tree::prune(node* leaf) {
  while (leaf->parent && leaf->children == 0 && leaf->set.empty()) {
    auto* parent = leaf->parent;
    if (parent->star == leaf)
      parent->star = nullptr;
    else if (parent->full == leaf)
      parent->full = nullptr;
    --parent->children;
    tree_.cut(*leaf);
    leaf = parent;
  }
}

} // namespace troupe::protocol
