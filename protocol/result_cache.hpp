// protocol/result_cache.hpp: keeps match results by literal subject and knows which to declare
// stale.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocol/flat_table.hpp"
#include "protocol/match_result.hpp"
#include "protocol/token_tree.hpp"

namespace troupe::protocol {

/// How much a sublist may keep for publishers that ask again.
struct cache_limits {
  size_t entries = size_t{64} * 1024;
  /// Also counts the subject, its tokens in the tree, and eight bytes for each subscriber: many
  /// subjects that 50 000 listen to are no reason to run out of memory. The newest result stays
  /// whatever its size.
  size_t bytes = size_t{64} * 1024 * 1024;
};

/// The invariant: a result is in here or it is stale. So none can miss a change of interest.
/// Results that leave are handed to the caller, who lets go of them after unlocking: the last
/// reference to an interest may hang on them. Not synchronised.
///
/// Once full, a subject is admitted in place of another only when it is asked for again soon: the
/// reply subject of a request is used once, and a flood of them must neither push out results that
/// are used nor pay for being entered and evicted.
class result_cache {
  struct node { // one token of a cached subject
    node* parent = nullptr;
    node* first_child = nullptr;
    node* next_sibling = nullptr;
    node* previous_sibling = nullptr;
    match_result* result = nullptr;
    token_slice token;
  };

public:
  struct dropped {
    std::vector<ref_ptr<match_result>> results;
    token_tree<node>::uprooted nodes;
  };

  explicit result_cache(cache_limits limits) : limits_{limits} {}

  /// Null if there is none. `hash` is hash_subject(subject), here and below.
  match_result* find(std::string_view subject, uint64_t hash) noexcept;
  /// Takes in a result whose subject has none in here, and evicts others if need be; or declares it
  /// stale at once.
  void keep(const ref_ptr<match_result>& result, uint64_t hash, dropped& out);
  /// Declares stale and drops what the subscription `pattern` matches. A literal pattern costs one
  /// look-up, a wildcard a walk over the cached subjects that share its tokens; `>` empties the
  /// cache at once.
  void drop_matching(std::string_view pattern, bool literal, uint64_t hash, dropped& out);
  void drop_all(dropped& out);

  size_t size() const noexcept { return table_.size(); }
  size_t bytes() const noexcept { return bytes_; }
  size_t fanout_total() const noexcept { return fanout_total_; }
  size_t max_fanout() const noexcept;

private:
  struct entry {
    ref_ptr<match_result> result;
    uint32_t hash = 0;
    uint32_t fanout = 0; // beside the hash, so that max_fanout() need not touch the results
    bool used() const noexcept { return static_cast<bool>(result); }
  };

  bool is_full(size_t more_bytes) const noexcept {
    return table_.size() > 0
           && (table_.size() >= limits_.entries || bytes_ + more_bytes > limits_.bytes);
  }
  bool seen_before(uint32_t hash);
  void plant(match_result& result);
  void prune(node* leaf);
  void find_matching(std::string_view pattern);
  void collect_below(node& top);
  void drop(match_result& result, dropped& out);
  void evict_one(dropped& out);
  static size_t cost(const match_result& result) noexcept;

  cache_limits limits_;
  flat_table<entry> table_;
  token_tree<node> tree_;
  size_t bytes_ = 0;
  size_t fanout_total_ = 0;
  uint64_t hand_ = 0;                // scatters where eviction looks
  std::vector<uint32_t> seen_;       // hashes that were refused, one place each; empty until then
  std::vector<match_result*> found_; // scratch of drop_matching()
  std::vector<node*> level_;
  std::vector<node*> below_;
};

} // namespace troupe::protocol
