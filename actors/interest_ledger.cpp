// actors/interest_ledger.cpp: one entry for each subject and queue, counted by who wants it.
#include "actors/interest_ledger.hpp"

#include "actors/remote_interest.hpp"
#include "protocol/subject_hash.hpp"

#include <algorithm>
#include <limits>

namespace troupe::actors {

using protocol::interest_source;
using protocol::subject_text;

namespace {

constexpr auto always_noted = std::numeric_limits<uint16_t>::max();

/// Does the change of one number matter to whoever is told? Of plain interest only whether there is
/// any; of a queue group how much.
template <class Number>
bool adjust(Number& count, uint32_t weight, bool comes, bool queued) {
  auto before = count;
  count = static_cast<Number>(comes ? count + weight : count - weight);
  return queued || (before == 0) != (count == 0);
}

} // namespace

uint32_t hash_of(const subject_text& text) noexcept {
  auto out = protocol::hash_subject(text.subject());
  if (!text.queue().empty())
    out ^= protocol::hash_subject(text.queue()) * 0x9e3779b97f4a7c15;
  return static_cast<uint32_t>(out ^ (out >> 32));
}

bool same_text(const subject_text& a, const subject_text& b) noexcept {
  return &a == &b || (a.subject() == b.subject() && a.queue() == b.queue());
}

interest_source source_of(const subscription& what) noexcept {
  if ((what.quirks.load(std::memory_order_relaxed) & quirk_crossing) == 0)
    return interest_source::client;
  switch (static_cast<const crossing&>(what).what) {
  case crossing::kind::shadow: return interest_source::client;
  case crossing::kind::service: return interest_source::service;
  case crossing::kind::responses:
  case crossing::kind::mapped: return interest_source::client;
  case crossing::kind::remote:
  case crossing::kind::stream:
    return protocol::source_of(static_cast<const remote_interest&>(what).link().role);
  }
  return interest_source::client;
}

interest_ledger::entry* interest_ledger::find(const subject_text& what, uint32_t hash) const {
  return table_.find(hash, [&](const entry& each) { return same_text(*each.text, what); });
}

bool interest_ledger::count(const subscription& what, bool comes) {
  auto source = source_of(what);
  if (!links_.counts(source))
    return false;
  auto hash = hash_of(*what.text());
  std::lock_guard guard{mutex_};
  auto* known = find(*what.text(), hash);
  if (!known) {
    if (!comes)
      return false;
    entry fresh;
    fresh.text = what.text();
    fresh.hash = hash;
    known = &table_.add(std::move(fresh));
  }
  bool matters = change(*known, what, comes);
  // Looked at with the ledger locked: a link that came later reads the ledger after this.
  bool noted = (matters || known->untold > 0) && links_.hears(source);
  if (noted && known->untold != always_noted)
    ++known->untold;
  if (known->idle())
    table_.erase(known);
  return noted;
}

bool interest_ledger::change(entry& where, const subscription& what, bool comes) {
  auto weight = what.queued() ? what.weight() : 1;
  switch (source_of(what)) {
  case interest_source::client: return adjust(where.client, weight, comes, what.queued());
  case interest_source::gateway: return adjust(where.gateway, 1, comes, what.queued());
  case interest_source::route:
    if (!static_cast<const remote_interest&>(what).shared_origin())
      return adjust(where.route, weight, comes, what.queued());
    return change_leafs(where, what, comes);
  case interest_source::service:
  case interest_source::leaf_up:
  case interest_source::leaf_down: return change_leafs(where, what, comes);
  }
  return false;
}

/// What only brokers with leafs have. A leaf is never told of its own interest, so that for the
/// others each number matters.
bool interest_ledger::change_leafs(entry& where, const subscription& what, bool comes) {
  auto weight = what.queued() ? what.weight() : 1;
  if (!where.rest)
    where.rest = std::make_unique<seldom>();
  auto& rest = *where.rest;
  auto source = source_of(what);
  if (source == interest_source::service) {
    adjust(rest.service, weight, comes, true);
  } else if (source == interest_source::leaf_up) {
    adjust(rest.leaf_up, weight, comes, true);
  } else {
    const auto& remote = static_cast<const remote_interest&>(what);
    bool routed = source == interest_source::route;
    rest.leafs.change(routed ? remote.shared_origin() : remote.link().cluster_text(),
                      routed ? &leaf_interest::routed : &leaf_interest::down, weight, comes);
  }
  if (rest.service == 0 && rest.leaf_up == 0 && rest.leafs.none())
    where.rest.reset();
  return true;
}

void interest_ledger::told(const subject_text& what) {
  auto hash = hash_of(what);
  std::lock_guard guard{mutex_};
  auto* known = find(what, hash);
  if (!known || known->untold == 0 || known->untold == always_noted)
    return;
  --known->untold;
  if (known->idle())
    table_.erase(known);
}

interest_counts interest_ledger::counts(const subject_text& what, std::string_view own,
                                        bool each) const {
  interest_counts out;
  auto hash = hash_of(what);
  std::lock_guard guard{mutex_};
  const auto* known = find(what, hash);
  if (!known)
    return out;
  out.client = known->client;
  out.route = known->route;
  out.gateway = known->gateway;
  if (known->rest) {
    out.service = known->rest->service;
    out.leaf_up = known->rest->leaf_up;
    const auto& leafs = known->rest->leafs;
    out.leafs = leafs.all();
    out.own = leafs.of(own, out.steps);
    if (each)
      leafs.for_each([&](const leaf_interest& one) { out.each.push_back(one); });
    out.steps += static_cast<uint32_t>(out.each.size());
  }
  return out;
}

std::vector<shared_text> interest_ledger::all() const {
  std::vector<shared_text> out;
  std::lock_guard guard{mutex_};
  out.reserve(table_.size());
  table_.for_each([&](const entry& each) { out.push_back(each.text); });
  return out;
}

size_t interest_ledger::size() const {
  std::lock_guard guard{mutex_};
  return table_.size();
}

} // namespace troupe::actors
