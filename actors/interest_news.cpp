// actors/interest_news.cpp: one mail for each link.
#include "actors/interest_news.hpp"

#include "actors/interfaces.hpp"
#include "actors/router.hpp"

#include <algorithm>

namespace troupe::actors {
namespace {

constexpr size_t line_besides_text = 16; // verb, blanks, weight, line end

/// A leaf hears of its account only, and of several routes to one server each of some.
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
    if (!concerned)
      continue;
    out->all.push_back(each);
    out->cost += static_cast<int64_t>(each.where->name.size() + each.what->subject().size()
                                      + each.what->queue().size() + line_besides_text);
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

} // namespace

void interest_news::tell(std::vector<destination_ptr>* congested) {
  struct part {
    const link_destination* like;
    interest_changes_ptr changes;
  };
  std::vector<part> parts; // made once for all links of the same accounts
  auto changes = std::exchange(all_, {});
  auto links = links_.all(); // kept while it is gone through: links go on other threads
  for (const auto& link : *links) {
    if (link->role == protocol::peer_role::gateway_out)
      continue; // interest comes in there
    auto same = std::find_if(parts.begin(), parts.end(),
                             [&](const part& each) { return each.like->shares_accounts(*link); });
    if (same == parts.end())
      same = parts.insert(same, {link.get(), all_of(changes, *link)});
    if (!same->changes->all.empty())
      send(*link, same->changes, congested);
  }
  for (const auto& each : changes)
    each.where->ledger->told(*each.what);
}

} // namespace troupe::actors
