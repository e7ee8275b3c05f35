// actors/link_interest.cpp: tables of interest, heard and told, by account.
#include "actors/link_interest.hpp"

#include "protocol/subject_hash.hpp"

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
  for (const auto& each : origins_)
    if (each->subject() == origin)
      return each;
  return origins_.emplace_back(subject_text::make(origin));
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

void announce(const interest_counts& now, const subject_text& what, const link_destination& to,
              uint32_t own, bool by_origin, std::vector<std::pair<shared_text, uint32_t>>& out) {
  auto told = [&](interest_source source) { return announces_interest(source, to.role); };
  // Of plain interest it counts only that there is some, and gateways have no weights.
  auto say = [&](const shared_text& origin, uint32_t weight) {
    if (weight > 0)
      out.emplace_back(origin,
                       what.queue().empty() || to.role == peer_role::gateway_in ? 1 : weight);
  };
  uint32_t sum = 0;
  auto add = [&](interest_source source, uint32_t count) {
    if (told(source))
      sum += count;
  };
  add(interest_source::client, now.client);
  add(interest_source::service, now.service);
  add(interest_source::route, now.route);
  add(interest_source::gateway, now.gateway);
  add(interest_source::leaf_up, now.leaf_up);
  bool apart = by_origin && to.role == peer_role::route && to.leaf_origins;
  for (const auto& leafs : now.leafs) {
    auto name = leafs.cluster ? leafs.cluster->subject() : std::string_view{};
    bool same = !name.empty() && is_leaf(to.role) && name == to.cluster();
    if (to.isolated)
      continue;
    if (announces_interest(interest_source::route, to.role, same))
      sum += leafs.routed;
    if (!announces_interest(interest_source::leaf_down, to.role, same))
      continue;
    if (apart && !name.empty())
      say(leafs.cluster, leafs.down);
    else
      sum += leafs.down;
  }
  say({}, sum - std::min(sum, own));
}

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

void told_interest::compare_origins(book& in, const shared_text& what, uint32_t hash, bool again) {
  auto of = [&](const shared_text& origin) {
    return [&, name = origin->subject()](const origin_entry& each) {
      return each.origin->subject() == name && same_text(*each.what, *what);
    };
  };
  if (in.by_origin.size() > 0) {
    gone_.clear();
    in.by_origin.find(hash, [&](const origin_entry& each) {
      bool is_now = std::any_of(now_.begin(), now_.end(), [&](const auto& one) {
        return one.first && one.first->subject() == each.origin->subject();
      });
      if (same_text(*each.what, *what) && !is_now)
        gone_.push_back(each.origin);
      return false; // look at all
    });
    for (const auto& origin : gone_) {
      changes_.push_back({what, origin->subject(), 0});
      in.by_origin.erase(in.by_origin.find(hash, of(origin)));
    }
  }
  for (const auto& [origin, weight] : now_) {
    if (!origin)
      continue;
    auto* known = in.by_origin.find(hash, of(origin));
    if (known && known->weight == weight && !again)
      continue;
    changes_.push_back({what, origin->subject(), weight});
    if (known)
      known->weight = weight;
    else
      in.by_origin.add({what, origin, hash, weight});
  }
}

std::span<const announcement>
told_interest::update(const account_ptr& where, const shared_text& what, uint32_t own, bool again) {
  changes_.clear();
  now_.clear();
  auto& in = accounts_[where.get()];
  if (!in.where)
    in.where = where;
  auto hash = actors::hash_of(*what);
  announce(where->ledger->counts(*what), *what, *to_, own, by_origin_, now_);
  compare_origins(in, what, hash, again);
  auto plain = std::find_if(now_.begin(), now_.end(), [](const auto& one) { return !one.first; });
  compare_plain(in, what, hash, plain == now_.end() ? 0 : plain->second, again);
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
  known->second.by_origin.for_each([&](const origin_entry& each) {
    gone_.push_back(each.origin);
    changes_.push_back({each.what, each.origin->subject(), 0});
  });
  accounts_.erase(known);
  return changes_;
}

size_t told_interest::size() const noexcept {
  size_t out = 0;
  for (const auto& [which, in] : accounts_)
    out += in.plain.size() + in.by_origin.size();
  return out;
}

size_t told_interest::size_in(const account& where) const noexcept {
  auto in = accounts_.find(&where);
  return in == accounts_.end() ? 0 : in->second.plain.size() + in->second.by_origin.size();
}

} // namespace troupe::actors
