// federation/route_pinning.cpp: which accounts a route carries, and how one moves to its own route.
#include "federation/route_session.hpp"

#include "actors/log.hpp"
#include "security/nkey.hpp"

#include <algorithm>

namespace troupe::federation {

namespace log = actors::log;

namespace {

/// Accounts that one peer may have on the move.
constexpr size_t most_moved = 1024;

} // namespace

bool route_session::carries(std::string_view account) const {
  if (!place_.pooled)
    return true;
  if (!place_.has_slot())
    return account == place_.account;
  return protocol::slot_of_account(account, place_.slots) == place_.slot && !mine_->pins(account)
         && !moved_.contains(account);
}

/// Between a server's request and its route of that account alone nothing of the account may pass
/// here: interest that stood in both would bring each message twice. What the peer still says is
/// kept until it is known which of the two it will be.
bool route_session::hear_of_pinning(const protocol::link_info& said) {
  if (!place_.pooled || !place_.has_slot())
    return true;
  peer_news news;
  news.rid = rid_;
  if (said.route_account.empty()) { // the peer's answer
    auto it = asked_.find(said.route_acc_add_reqid);
    if (it == asked_.end())
      return true;
    news.pinned = std::move(it->second);
    asked_.erase(it);
    host_.pass_on(std::move(news));
    return true;
  }
  if (moved_.size() >= most_moved)
    return true;
  log::debug("rid:{} - Account \"{}\" gets a route of its own", rid_,
             log::printable(said.route_account));
  move_out(said.route_account);
  news.pinned = said.route_account;
  host_.pass_on(std::move(news));
  protocol::link_info yes;
  yes.route_pool_size = said.route_pool_size;
  yes.route_acc_add_reqid = said.route_acc_add_reqid;
  host_.say(info_line(yes));
  return true;
}

/// Neither does the peer know our interest any more, nor we its.
void route_session::move_out(const std::string& account) {
  moved_.insert(account);
  auto where = where_.accounts.find(account);
  if (!where)
    return;
  heard_->clear(*where);
  withdraw(*where);
}

/// Interest that came before the account did.
void route_session::take_in(const actors::account_ptr& which) {
  waiting_.take(which->name, [&](const auto& what, uint32_t weight) {
    if (may_take(what.subject, what.queue)) // a reload may have changed that
      put(which, {what.origin, what.subject, what.queue}, weight);
  });
}

void route_session::tell_of(const actors::account_ptr& which) {
  if (untold_.empty())
    untold_texts_ = which->ledger->all();
  untold_.insert(untold_.begin(), which); // the last one is being told
  host_.go_on_telling();
}

void route_session::pin(const std::string& account, bool there) {
  if (!admitted() || !place_.pooled || !place_.has_slot())
    return;
  if (there) {
    move_out(account);
    waiting_.take(account, [](const auto&, uint32_t) {});
    if (mine_->pins(account)) // from now on that says enough
      moved_.erase(account);
    return;
  }
  moved_.erase(account);
  if (auto where = where_.accounts.find(account)) {
    take_in(where);
    if (carries(account))
      tell_of(where);
  }
}

void route_session::follow_pinned(const terms& before) {
  if (!place_.pooled || !place_.has_slot())
    return;
  auto mine = [&](const std::string& account) {
    return protocol::slot_of_account(account, place_.slots) == place_.slot;
  };
  for (const auto& each : mine_->pinned) {
    if (before.pins(each) || !mine(each))
      continue;
    move_out(each);
    protocol::link_info request;
    request.route_pool_size = place_.slots; // so it looks at this slot, whatever its own size
    request.route_account = each;
    request.route_acc_add_reqid = security::make_server_id().substr(1, 22);
    asked_.emplace(request.route_acc_add_reqid, each);
    host_.say(info_line(request));
  }
  for (const auto& each : before.pinned)
    if (!mine_->pins(each))
      pin(each, false);
}

} // namespace troupe::federation
