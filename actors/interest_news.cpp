// actors/interest_news.cpp: one mail for each link.
#include "actors/interest_news.hpp"

#include "actors/interfaces.hpp"
#include "actors/links_by_account.hpp"
#include "actors/router.hpp"

#include <algorithm>
#include <functional>
#include <span>

namespace troupe::actors {
namespace {

constexpr size_t line_besides_text = 16; // verb, blanks, weight, line end

void put(interest_changes& into, const interest_change& one) {
  into.all.push_back(one);
  into.cost += static_cast<int64_t>(one.where->name.size() + one.what->subject().size()
                                    + one.what->queue().size() + line_besides_text);
}

/// Of several routes to one server each hears of some accounts.
interest_changes_ptr all_of(const std::vector<interest_change>& changes,
                            const link_destination& link) {
  auto out = std::make_shared<interest_changes>();
  const account* last = nullptr;
  bool concerned = false;
  for (const auto& each : changes) {
    if (each.where.get() != last) {
      last = each.where.get();
      concerned = link.concerns(*last);
    }
    if (concerned)
      put(*out, each);
  }
  return out;
}

void send(link_destination& to, const interest_changes_ptr& changes,
          std::vector<destination_ptr>* congested) {
  auto self = caf::actor_cast<caf::strong_actor_ptr>(to.mailbox);
  if (!self || to.doomed())
    return;
  auto handle = caf::actor_cast<link_actor>(self);
  auto pending = to.pending.fetch_add(changes->cost, std::memory_order_relaxed) + changes->cost;
  if (pending > to.max_pending) {
    to.pending.fetch_sub(changes->cost, std::memory_order_relaxed);
    if (to.doom())
      caf::anon_send(handle, atom::overrun_v);
    return;
  }
  caf::anon_send(handle, atom::interest_v, changes);
  if (congested && pending > router::high_water)
    congested->push_back(destination_ptr{&to});
}

/// To links that carry many accounts.
void tell_all_of_it(const std::vector<interest_change>& changes,
                    std::span<const link_destination_ptr> links,
                    std::vector<destination_ptr>* congested) {
  struct part {
    const link_destination* like;
    interest_changes_ptr changes;
  };
  std::vector<part> parts; // made once for all links of the same accounts
  for (const auto& link : links) {
    if (link->role == protocol::peer_role::gateway_out)
      continue; // interest comes in there
    auto same = std::find_if(parts.begin(), parts.end(),
                             [&](const part& each) { return each.like->shares_accounts(*link); });
    if (same == parts.end())
      same = parts.insert(same, {link.get(), all_of(changes, *link)});
    if (!same->changes->all.empty())
      send(*link, same->changes, congested);
  }
}

/// Leaf nodes hear of one account: there may be thousands of both, so only those that hear of one
/// of these are looked at. Sorts the changes by their accounts.
void tell_leafs(std::vector<interest_change>& changes, const link_registry::list& links,
                std::vector<destination_ptr>* congested) {
  auto account_of = [](const interest_change& each) { return each.where.get(); };
  std::ranges::stable_sort(changes, std::less<const account*>{}, account_of);
  for (auto begin = changes.begin(), end = begin; begin != changes.end(); begin = end) {
    const auto* which = account_of(*begin);
    while (end != changes.end() && account_of(*end) == which)
      ++end;
    auto those = links_of(which, links);
    if (those.empty())
      continue;
    auto part = std::make_shared<interest_changes>();
    std::for_each(begin, end, [&](const auto& each) { put(*part, each); });
    for (const auto& link : those)
      send(*link, part, congested);
  }
}

} // namespace

void interest_news::tell(std::vector<destination_ptr>* congested) {
  auto changes = std::exchange(all_, {});
  auto links = links_.all(); // kept while it is gone through: links go on other threads
  auto of_many = links_of(nullptr, *links);
  tell_all_of_it(changes, of_many, congested);
  if (of_many.size() < links->size())
    tell_leafs(changes, *links, congested);
  for (const auto& each : changes)
    each.where->ledger->told(*each.what);
}

} // namespace troupe::actors
