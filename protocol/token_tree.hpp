// protocol/token_tree.hpp: trees of tokens whose edges all lie in one hash table.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "protocol/flat_table.hpp"
#include "protocol/ref_counted.hpp"
#include "protocol/subject_hash.hpp"
#include "protocol/subject_text.hpp"

namespace troupe::protocol {

/// A token inside a text that somebody else may share.
struct token_slice {
  ref_ptr<const subject_text> text;
  uint32_t offset = 0;
  uint32_t length = 0;

  std::string_view view() const noexcept { return text->subject().substr(offset, length); }
};

/// `Node` has `Node* parent` and `token_slice token`, and does its own counting of children. One
/// table for all edges: most nodes have no child or one, so a map in each would be mostly air.
/// Nothing here recurses, however deep the subjects are.
template <class Node>
class token_tree {
  struct edge {
    std::unique_ptr<Node> node;
    uint32_t hash = 0;
    bool used() const noexcept { return node != nullptr; }
  };

public:
  /// Every node but the root, for somebody who wants to destroy them later.
  using uprooted = flat_table<edge>;

  Node& root() noexcept { return root_; }
  const Node& root() const noexcept { return root_; }

  /// `token_hash` is `hash_subject(token)`: the caller may look under many parents.
  Node* child(const Node& parent, std::string_view token, uint64_t token_hash) noexcept {
    auto* found = edges_.find(edge_hash(parent, token_hash), [&](const edge& e) {
      return e.node->parent == &parent && e.node->token.view() == token;
    });
    return found ? found->node.get() : nullptr;
  }

  /// There is no such child yet.
  Node& grow(Node& parent, token_slice token, uint64_t token_hash) {
    auto node = std::make_unique<Node>();
    auto& grown = *node;
    grown.parent = &parent;
    grown.token = std::move(token);
    edges_.add({std::move(node), edge_hash(parent, token_hash)});
    return grown;
  }

  /// Destroys a node without children, not the root.
  void cut(Node& leaf) {
    auto hash = edge_hash(*leaf.parent, hash_subject(leaf.token.view()));
    edges_.erase(edges_.find(hash, [&](const edge& e) { return e.node.get() == &leaf; }));
  }

  /// Leaves a tree without children; what the root itself says stays as it is.
  uprooted uproot() noexcept { return std::exchange(edges_, {}); }

  /// Nodes besides the root.
  size_t size() const noexcept { return edges_.size(); }

  template <class Visit>
  void for_each(Visit&& visit) const {
    edges_.for_each([&](const edge& e) { visit(*e.node); });
  }

private:
  static uint32_t edge_hash(const Node& parent, uint64_t token_hash) noexcept {
    auto where = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(&parent));
    return static_cast<uint32_t>(fold_multiply(where ^ token_hash, token_hash | 1));
  }

  Node root_;
  flat_table<edge> edges_;
};

} // namespace troupe::protocol
