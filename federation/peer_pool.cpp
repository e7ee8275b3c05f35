// federation/peer_pool.cpp: the part of peer_book that knows of several links to one server.
#include "federation/peer_book.hpp"

#include "protocol/quote.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::federation {

using protocol::close_reason;

namespace {

/// In nats-server's words, which the peer gets as well.
peer_book::judgement refuse(std::string text, bool loudly = true) {
  peer_book::judgement out;
  out.answer.reason = close_reason::protocol_violation;
  out.answer.because = text;
  out.answer.error = std::move(text);
  out.answer.loudly = loudly;
  return out;
}

bool pools(const protocol::link_info& info, const peer_book::self& mine) {
  return mine.pool_size > 0 && info.route_pool_size > 0;
}

/// How many slots the two have between them.
int64_t slots_of(int64_t its_size, const peer_book::self& mine) {
  return std::max<int64_t>(its_size, mine.pool_size);
}

/// Both ends come to the same number: nats-server takes its own, so we take that.
pool_place empty_place(int64_t its_size, bool of_troupe, const peer_book::self& mine) {
  pool_place out;
  out.pooled = true;
  out.slots = static_cast<uint32_t>(of_troupe ? slots_of(its_size, mine) : its_size);
  return out;
}

} // namespace

peer_book::judgement peer_book::judge_place(const introduction& who, const self& mine) const {
  const auto& info = who.info;
  auto account = who.solicited ? std::string{} : info.route_account;
  auto shown = protocol::quotable(account, 256);
  pool_place place;
  if (!pools(info, mine)) {
    if (!account.empty()) // from 2.10 on it asks for that first; no fault
      return refuse(fmt::format("Not possible to have a dedicated route for account \"{}\" between "
                                "those servers",
                                shown),
                    false);
  } else {
    if (info.route_pool_size > most_slots)
      return refuse(fmt::format("Invalid route pool size: {} - at most {} are possible",
                                info.route_pool_size, most_slots));
    place = empty_place(info.route_pool_size, !info.troupe.empty(), mine);
    if (who.solicited && info.route_pool_idx != 0)
      return refuse(
          fmt::format("Route pool index should not be set but is set to {}", info.route_pool_idx));
    if (info.route_pool_idx < 0 || info.route_pool_idx >= slots_of(info.route_pool_size, mine))
      return refuse(fmt::format("Invalid route pool index: {} - pool size is {}",
                                info.route_pool_idx, info.route_pool_size));
    if (!account.empty() && !is_pinned(info.server_id, account, mine))
      return refuse(fmt::format("No route for account \"{}\"", shown));
    place.account = account;
    place.slot = account.empty() ? static_cast<uint32_t>(info.route_pool_idx) : 0;
    if (who.solicited) {
      auto free = free_place(info.server_id, info.route_pool_size, !info.troupe.empty(), mine);
      if (!free) {
        auto out = refuse("", false);
        out.answer.reason = close_reason::duplicate_route;
        out.answer.because = fmt::format("All routes to \"{}\" are there already",
                                         protocol::quotable(info.server_id, 64));
        return out;
      }
      place = *free;
    }
  }
  const auto* known = at(info.server_id, place);
  judgement out;
  if (known)
    out = judge_duplicate(who, mine, *known);
  else {
    out.what = verdict::admit;
    out.answer.admitted = true;
  }
  out.answer.place = std::move(place);
  return out;
}

bool peer_book::is_pinned(const std::string& server_id, const std::string& account,
                          const self& mine) const {
  if (std::binary_search(mine.pinned.begin(), mine.pinned.end(), account))
    return true;
  auto it = notes_.find(server_id);
  return it != notes_.end() && it->second.pinned.contains(account);
}

/// Slots first: over them the peer says which accounts it has pinned.
std::optional<pool_place> peer_book::free_place(const std::string& server_id, int64_t its_size,
                                                bool of_troupe, const self& mine) const {
  auto place = empty_place(its_size, of_troupe, mine);
  for (auto slots = slots_of(its_size, mine); place.slot < slots; ++place.slot)
    if (!at(server_id, place))
      return place;
  place.slot = 0;
  auto accounts = mine.pinned;
  static const notes nothing;
  auto it = notes_.find(server_id);
  const auto& noted = it == notes_.end() ? nothing : it->second;
  accounts.insert(accounts.end(), noted.pinned.begin(), noted.pinned.end());
  for (auto& each : accounts) {
    place.account = std::move(each);
    if (!noted.held.contains(place.account) && !at(server_id, place))
      return place;
  }
  return {};
}

bool peer_book::complete(std::string_view server_id, const self& mine) const {
  const auto* any = with_id(server_id);
  if (!any)
    return false;
  return !pools(any->info, mine)
         || !free_place(any->info.server_id, any->info.route_pool_size, !any->info.troupe.empty(),
                        mine);
}

const peer_book::member* peer_book::at(std::string_view server_id, const pool_place& place) const {
  for (const auto& [rid, one] : members_) {
    if (one.info.server_id != server_id || one.place.account != place.account)
      continue;
    if (!place.pooled || !place.has_slot() || one.place.slot == place.slot)
      return &one;
  }
  return nullptr;
}

const peer_book::member* peer_book::main_link(std::string_view server_id) const {
  const member* out = nullptr;
  for (const auto& [rid, one] : members_)
    if (one.info.server_id == server_id && one.place.has_slot()
        && (!out || one.place.slot < out->place.slot))
      out = &one;
  return out;
}

std::vector<const peer_book::member*> peer_book::main_links() const {
  std::vector<const member*> out;
  for (const auto& [rid, one] : members_)
    if (main_link(one.info.server_id) == &one)
      out.push_back(&one);
  return out;
}

void peer_book::pin(const std::string& server_id, const std::string& account) {
  auto& accounts = notes_[server_id].pinned;
  if (accounts.size() < most_slots)
    accounts.insert(account);
}

void peer_book::unpin(const std::string& account) {
  for (auto& [id, noted] : notes_)
    noted.pinned.erase(account);
}

void peer_book::hold(const std::string& server_id, const std::string& account) {
  notes_[server_id].held.insert(account);
}

void peer_book::unhold(const std::string& server_id, const std::string& account) {
  if (auto it = notes_.find(server_id); it != notes_.end())
    it->second.held.erase(account);
}

std::vector<std::string> peer_book::elsewhere(std::string_view server_id, const self& mine) const {
  std::vector<std::string> out;
  for (const auto& [rid, one] : members_)
    if (one.info.server_id == server_id && !one.place.has_slot()
        && !std::binary_search(mine.pinned.begin(), mine.pinned.end(), one.place.account))
      out.push_back(one.place.account);
  return out;
}

} // namespace troupe::federation
