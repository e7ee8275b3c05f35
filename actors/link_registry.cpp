// actors/link_registry.cpp: a list that is copied when it changes.
#include "actors/link_registry.hpp"

#include "actors/links_by_account.hpp"

namespace troupe::actors {

using protocol::interest_source;
using protocol::peer_role;

link_registry::sources link_registry::told_to(peer_role role) noexcept {
  unsigned out = 0;
  for (unsigned i = 0; i < protocol::interest_sources; ++i)
    if (announces_interest(static_cast<interest_source>(i), role))
      out |= 1u << i;
  return static_cast<sources>(out);
}

link_registry::link_registry(const std::vector<peer_role>& served)
    : counted_{[&] {
        unsigned out = 0;
        for (auto role : served)
          out |= told_to(role);
        return static_cast<sources>(out);
      }()} {}

void link_registry::add(link_destination_ptr link) {
  std::shared_ptr<const list> before; // outlives the lock
  std::lock_guard guard{mutex_};
  auto next = std::make_shared<list>(*all_);
  heard_.fetch_or(told_to(link->role), std::memory_order_release);
  auto place = std::upper_bound(next->begin(), next->end(), link, by_account{});
  next->insert(place, std::move(link));
  before = std::exchange(all_, std::move(next));
}

void link_registry::remove(const link_destination& link) {
  std::shared_ptr<const list> before;
  std::lock_guard guard{mutex_};
  auto next = std::make_shared<list>();
  unsigned heard = 0;
  for (const auto& each : *all_)
    if (each.get() != &link) {
      next->push_back(each);
      heard |= told_to(each->role);
    }
  heard_.store(static_cast<sources>(heard), std::memory_order_release);
  before = std::exchange(all_, std::move(next));
}

std::shared_ptr<const link_registry::list> link_registry::all() const {
  std::lock_guard guard{mutex_};
  return all_;
}

} // namespace troupe::actors
