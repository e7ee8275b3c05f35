// actors/link_interest.cpp: tables of interest, heard and told, by account.
#include "actors/link_interest.hpp"

#include <algorithm>

namespace troupe::actors {

using protocol::interest_source;
using protocol::peer_role;
using protocol::subject_text;

// -- heard
// -----------------------------------------------------------------------------------------

uint32_t peer_interest::hash_of(const key& what) const noexcept {
  auto out = protocol::hash_subject(what.subject);
  if (!what.queue.empty())
    out ^= protocol::hash_subject(what.queue) * 0x9e3779b97f4a7c15;
  if (by_origin_ && !what.origin.empty())
    out ^= protocol::hash_subject(what.origin) * 0xd6e8feb86659fd93;
  return static_cast<uint32_t>(out ^ (out >> 32));
}

peer_interest::entry* peer_interest::find(const book& in, const key& what, uint32_t hash) const {
  return in.table.find(hash, [&](const entry& each) {
    return each.what->subject() == what.subject && each.what->queue() == what.queue
           && (!by_origin_ || each.what->origin() == what.origin);
  });
}

shared_text peer_interest::shared(std::string_view origin) {
  if (origin.empty())
    return {};
  if (auto known = origins_.find(origin); known != origins_.end())
    return known->second;
  if (origins_.size() >= most_origins_) { // leaf nodes without a name have a new one each time
    std::erase_if(origins_, [](const auto& each) { return each.second->unique(); });
    most_origins_ = std::max(most_origins_, 2 * origins_.size());
  }
  auto text = subject_text::make(origin);
  return origins_.emplace(text->subject(), text).first->second;
}

peer_interest::outcome peer_interest::put(const account_ptr& where, const key& what,
                                          uint32_t weight) {
  auto& in = accounts_[where.get()];
  in.where = where;
  auto hash = hash_of(what);
  weight = std::min(weight, most_weight);
  // A peer that does not tell origins apart announces the first of several and none after it:
  // others than that leaf node may want it as well, and the peer sees to it that nothing goes back
  // there.
  auto origin = !by_origin_ && what.queue.empty() ? std::string_view{} : what.origin;
  if (auto* known = find(in, what, hash)) {
    if (!by_origin_ && known->what->origin().empty())
      origin = {};
    bool same =
        known->what->origin() == origin && (what.queue.empty() || known->what->weight() == weight);
    if (same)
      return outcome::known;
    // The new one first: so there is no moment without interest.
    auto before = known->what;
    known->what =
        protocol::make_ref<remote_interest>(before->text(), link_, weight, shared(origin));
    where->add_interest(known->what, news_);
    where->drop_interest(*before, news_);
    return outcome::changed;
  }
  auto one = protocol::make_ref<remote_interest>(
      where->interests.share_text(what.subject, what.queue), link_, weight, shared(origin));
  if (!where->add_interest(one, news_))
    return outcome::invalid;
  in.table.add({std::move(one), hash});
  ++size_;
  return outcome::added;
}

bool peer_interest::drop(const account& where, const key& what) {
  auto in = accounts_.find(&where);
  if (in == accounts_.end())
    return false;
  auto* known = find(in->second, what, hash_of(what));
  if (!known)
    return false;
  in->second.where->drop_interest(*known->what, news_);
  in->second.table.erase(known);
  --size_;
  return true;
}

const remote_interest* peer_interest::find(const account& where, const key& what) const {
  auto in = accounts_.find(&where);
  const auto* known = in == accounts_.end() ? nullptr : find(in->second, what, hash_of(what));
  return known ? known->what.get() : nullptr;
}

uint32_t peer_interest::weight_of(const account& where, const subject_text& what) const {
  const auto* known = find(where, key{{}, what.subject(), what.queue()});
  return !known ? 0 : what.queue().empty() ? 1 : known->weight();
}

void peer_interest::clear() {
  for (const auto& [which, in] : accounts_)
    in.table.for_each([&](const entry& each) { in.where->drop_interest(*each.what, news_); });
  accounts_.clear();
  size_ = 0;
}

void peer_interest::clear(const account& where) {
  auto in = accounts_.find(&where);
  if (in == accounts_.end())
    return;
  in->second.table.for_each(
      [&](const entry& each) { in->second.where->drop_interest(*each.what, news_); });
  size_ -= in->second.table.size();
  accounts_.erase(in);
}

size_t peer_interest::size_in(const account& where) const noexcept {
  auto in = accounts_.find(&where);
  return in == accounts_.end() ? 0 : in->second.table.size();
}

// -- told
// ------------------------------------------------------------------------------------------

namespace {

/// Of plain interest it counts only that there is some, and gateways have no weights. Peers cannot
/// read numbers of any length.
uint32_t told_weight(const link_destination& to, const subject_text& what, uint64_t weight) {
  uint32_t most =
      what.queue().empty() || to.role == peer_role::gateway_in ? 1 : peer_interest::most_weight;
  return static_cast<uint32_t>(std::min<uint64_t>(weight, most));
}

/// What the numbers of a ledger come to for one link, but for what it is told `apart`. `own`: of
/// that, how much is the peer's own, where its leaf cluster has no name.
uint32_t weight_for(const link_destination& to, const interest_counts& now,
                    const subject_text& what, uint32_t own, bool apart) {
  uint64_t sum = 0;
  auto add = [&](interest_source source, uint64_t count, bool same = false) {
    if (announces_interest(source, to.role, same))
      sum += count;
  };
  add(interest_source::client, now.client);
  add(interest_source::service, now.service);
  add(interest_source::route, now.route);
  add(interest_source::gateway, now.gateway);
  add(interest_source::leaf_up, now.leaf_up);
  if (!to.isolated) {
    auto same = is_leaf(to.role) && !to.cluster().empty() ? now.own : leaf_sums{};
    add(interest_source::route, now.leafs.routed - same.routed);
    add(interest_source::route, same.routed, true);
    add(interest_source::leaf_down, apart ? now.own.down : now.leafs.down - same.down);
    add(interest_source::leaf_down, same.down, true);
  }
  return told_weight(to, what, sum - std::min<uint64_t>(sum, own));
}

/// The leaf cluster whose part it has to know; empty: those without a name.
std::string_view counted_apart(const link_destination& to) {
  return is_leaf(to.role) ? to.cluster() : std::string_view{};
}

} // namespace

void told_interest::compare_plain(book& in, const shared_text& what, uint32_t hash, uint32_t weight,
                                  bool again) {
  auto* known =
      in.plain.find(hash, [&](const plain_entry& each) { return same_text(*each.what, *what); });
  if (weight == (known ? known->weight : 0) && !(again && weight > 0))
    return;
  changes_.push_back({what, {}, weight});
  if (!known)
    in.plain.add({what, hash, weight});
  else if (weight == 0)
    in.plain.erase(known);
  else
    known->weight = weight;
}

template <class Visit>
void told_interest::visit_origins(const origin_entry& entry, Visit&& visit) {
  visit(entry.first);
  if (entry.more)
    for (const auto& each : *entry.more)
      visit(each);
}

/// Both lists are in the order of the names, and hundreds long if so many leaf clusters want it.
void told_interest::compare_origins(book& in, const shared_text& what, uint32_t hash, bool again) {
  auto* known = in.by_origin.find(
      hash, [&](const origin_entry& each) { return same_text(*each.what, *what); });
  if (!known && now_.empty())
    return;
  before_.clear();
  if (known)
    visit_origins(*known, [&](const told_origin& each) { before_.push_back(each); });
  auto next = now_.begin();
  auto find = [&](std::vector<told_origin>& among, auto& at, std::string_view name) {
    while (at != among.end() && at->origin->subject() < name)
      ++at;
    return at != among.end() && at->origin->subject() == name ? &*at : nullptr;
  };
  for (const auto& each : before_)
    if (!find(now_, next, each.origin->subject())) {
      gone_.push_back(each.origin);
      changes_.push_back({what, each.origin->subject(), 0});
    }
  auto last = before_.begin();
  for (const auto& each : now_)
    if (auto* one = find(before_, last, each.origin->subject());
        !one || one->weight != each.weight || again)
      changes_.push_back({what, each.origin->subject(), each.weight});
  in.origins += now_.size() - before_.size();
  if (now_.empty()) {
    in.by_origin.erase(known);
    return;
  }
  if (!known)
    known = &in.by_origin.add({what, {}, nullptr, hash});
  known->first = now_.front();
  if (now_.size() == 1)
    known->more.reset();
  else
    known->more = std::make_unique<std::vector<told_origin>>(now_.begin() + 1, now_.end());
}

std::span<const announcement>
told_interest::update(const account_ptr& where, const shared_text& what, uint32_t own, bool again) {
  changes_.clear();
  now_.clear();
  gone_.clear();
  auto& in = accounts_[where.get()];
  if (!in.where)
    in.where = where;
  auto hash = actors::hash_of(*what);
  bool apart = by_origin_ && to_->role == peer_role::route && to_->leaf_origins;
  auto counts = where->ledger->counts(*what, counted_apart(*to_), apart);
  steps_ = counts.steps;
  for (const auto& each : counts.each)
    if (each.cluster && each.down > 0)
      now_.push_back({each.cluster, told_weight(*to_, *what, each.down)});
  std::ranges::sort(now_, {}, [](const auto& each) { return each.origin->subject(); });
  if (by_origin_)
    compare_origins(in, what, hash, again);
  compare_plain(in, what, hash, weight_for(*to_, counts, *what, own, apart), again);
  return changes_;
}

void told_interest::forget(const account& where) {
  accounts_.erase(&where);
}

std::span<const announcement> told_interest::withdraw(const account& where) {
  changes_.clear();
  gone_.clear();
  auto known = accounts_.find(&where);
  if (known == accounts_.end())
    return changes_;
  known->second.plain.for_each([&](const plain_entry& each) {
    changes_.push_back({each.what, {}, 0});
  });
  known->second.by_origin.for_each([&](const origin_entry& entry) {
    visit_origins(entry, [&](const told_origin& each) {
      gone_.push_back(each.origin);
      changes_.push_back({entry.what, each.origin->subject(), 0});
    });
  });
  accounts_.erase(known);
  return changes_;
}

size_t told_interest::size() const noexcept {
  size_t out = 0;
  for (const auto& [which, in] : accounts_)
    out += in.plain.size() + in.origins;
  return out;
}

size_t told_interest::size_in(const account& where) const noexcept {
  auto in = accounts_.find(&where);
  return in == accounts_.end() ? 0 : in->second.plain.size() + in->second.origins;
}

} // namespace troupe::actors
