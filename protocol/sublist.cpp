// protocol/sublist.cpp: one lock around the table, the tree and the cache of results.
#include "protocol/sublist.hpp"

#include <algorithm>

#include "protocol/subject.hpp"
#include "protocol/subject_hash.hpp"

namespace troupe::protocol {
namespace {

bool has_empty_token(std::string_view subject) noexcept {
  return subject.empty() || subject.front() == '.' || subject.back() == '.'
         || subject.find("..") != subject.npos;
}

bool is_storable(std::string_view subject) noexcept {
  if (has_empty_token(subject))
    return false;
  for (token_walk w{subject}; !w.done(); w.advance())
    if (w.token() == ">" && !w.last())
      return false;
  return true;
}

} // namespace

sublist_stats& sublist_stats::operator+=(const sublist_stats& other) noexcept {
  subscriptions += other.subscriptions;
  cache_entries += other.cache_entries;
  cache_bytes += other.cache_bytes;
  inserts += other.inserts;
  removes += other.removes;
  matches += other.matches;
  cache_hits += other.cache_hits;
  max_fanout = std::max(max_fanout, other.max_fanout);
  fanout_total += other.fanout_total;
  return *this;
}

// Everywhere below, what is dropped is declared before the lock and so destroyed after it: a
// result may own the last reference to an interest, and an interest's destructor is not ours.

sublist::~sublist() {
  result_cache::dropped dropped;
  std::lock_guard lock{mutex_};
  cache_.drop_all(dropped);
}

bool sublist::insert(const ref_ptr<interest>& item) {
  auto subject = item->subject();
  if (!is_storable(subject))
    return false;
  bool literal = is_literal(subject);
  auto hash = hash_subject(subject);
  result_cache::dropped dropped;
  std::lock_guard lock{mutex_};
  if (!(literal ? literals_.add(item, hash) : patterns_.add(item)))
    return false;
  ++counters_.subscriptions;
  ++counters_.inserts;
  cache_.drop_matching(subject, literal, hash, dropped);
  return true;
}

bool sublist::remove(interest& item) {
  ref_ptr<interest> taken; // outlives the lock
  auto subject = item.subject();
  bool literal = is_literal(subject);
  auto hash = hash_subject(subject);
  result_cache::dropped dropped;
  std::lock_guard lock{mutex_};
  taken = literal ? literals_.take(item, hash) : patterns_.take(item);
  if (!taken)
    return false;
  --counters_.subscriptions;
  ++counters_.removes;
  cache_.drop_matching(subject, literal, hash, dropped);
  return true;
}

ref_ptr<const subject_text> sublist::share_text(std::string_view subject, std::string_view queue) {
  bool literal = is_literal(subject);
  auto hash = hash_subject(subject);
  {
    std::lock_guard lock{mutex_};
    auto* set = literal ? literals_.find(subject, hash) : patterns_.find(subject);
    if (set && set->items().front()->queue() == queue)
      return set->items().front()->text();
  }
  return subject_text::make(subject, queue);
}

ref_ptr<const match_result> sublist::match(std::string_view subject) {
  auto hash = hash_subject(subject);
  result_cache::dropped dropped;
  std::lock_guard lock{mutex_};
  ++counters_.matches;
  if (auto* hit = cache_.find(subject, hash)) {
    ++counters_.cache_hits;
    return ref_ptr<const match_result>{hit};
  }
  if (has_empty_token(subject))
    return nothing_;
  find_sets(subject, hash);
  auto result = match_result::make(subject, sets_);
  cache_.keep(result, hash, dropped);
  return result;
}

size_t sublist::count_interest(std::string_view subject) {
  if (has_empty_token(subject))
    return 0;
  auto hash = hash_subject(subject);
  std::lock_guard lock{mutex_};
  find_sets(subject, hash);
  size_t count = 0;
  for (auto* set : sets_)
    count += set->size();
  return count;
}

bool sublist::has_interest(std::string_view subject) {
  return count_interest(subject) > 0;
}

size_t sublist::size() const {
  std::lock_guard lock{mutex_};
  return counters_.subscriptions;
}

sublist_stats sublist::stats() const {
  std::lock_guard lock{mutex_};
  auto now = counters_;
  now.cache_entries = cache_.size();
  now.cache_bytes = cache_.bytes();
  now.max_fanout = cache_.max_fanout();
  now.fanout_total = cache_.fanout_total();
  return now;
}

void sublist::for_each(const std::function<void(interest&)>& visit) const {
  std::lock_guard lock{mutex_};
  literals_.for_each(visit);
  patterns_.for_each(visit);
}

void sublist::find_sets(std::string_view subject, uint64_t hash) {
  sets_.clear();
  if (auto* set = literals_.find(subject, hash))
    sets_.push_back(set);
  patterns_.match(subject, sets_);
}

} // namespace troupe::protocol
