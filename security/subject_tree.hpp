// security/subject_tree.hpp: a set of subject patterns that answers which of them match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Patterns, each with or without a queue pattern ("subject queue" entries of permission lists).
/// Filled first, then only read, from any thread. The cost of a question grows with the tokens of
/// the subject asked about, not with the number of patterns; asking allocates nothing unless more
/// than 32 branches of wildcards fit at the same time.
class subject_tree {
public:
  /// How a pattern of the tree must relate to the subject asked about.
  enum class relation : uint8_t {
    matches,  ///< the subject is a literal that the pattern matches
    contains, ///< every subject the asked subscription can match is matched by the pattern
    overlaps, ///< some subject is matched by both
  };

  /// What was found, over all patterns that stand in the relation.
  struct findings {
    bool plain = false;         ///< a pattern without queue
    bool with_queue = false;    ///< a pattern with any queue
    bool queue_covered = false; ///< a pattern whose queue equals or covers the queue asked about
  };

  subject_tree();

  /// `subject` must be a valid subscription; `queue` empty: a plain pattern.
  void add(std::string_view subject, std::string_view queue);

  bool empty() const noexcept { return nodes_.size() == 1 && ends_.empty(); }
  findings find(std::string_view subject, relation how, std::string_view queue = {}) const;

private:
  static constexpr uint32_t none = UINT32_MAX;

  struct node {
    uint32_t star = none;
    uint32_t end = none;  ///< patterns that end here
    uint32_t tail = none; ///< patterns that end here with `>`
    std::vector<uint32_t> edges;
  };
  struct edge {
    uint32_t parent;
    uint32_t child;
    std::string token;
  };
  struct pattern_end {
    bool plain = false;
    std::vector<std::string> queues;
  };
  class node_set;
  struct search;

  uint32_t child_of(uint32_t parent, std::string_view token) const noexcept;
  uint32_t grow(uint32_t parent, std::string_view token);
  uint32_t new_node();
  void place(uint32_t which) noexcept;
  void widen();
  void step(const node& at, std::string_view token, bool full_wildcard, search& s,
            node_set& next) const;
  void take_everything_below(const node& at, search& s) const;
  void take(uint32_t which, search& s) const;

  std::vector<node> nodes_;
  std::vector<edge> edges_;
  std::vector<pattern_end> ends_;
  std::vector<uint32_t> slots_; ///< open addressing over `edges_`, a power of two in size
};

/// True if a queue pattern of a permission entry speaks about this queue name.
bool queue_covers(std::string_view pattern, std::string_view queue) noexcept;

} // namespace troupe::security
