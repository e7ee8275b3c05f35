// federation/gateway_interest.cpp: what a connection of a gateway hears and tells of interest.
#include "actors/log.hpp"
#include "federation/gateway_session.hpp"
#include "federation/telling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;

namespace {

/// What a command takes, about.
constexpr size_t bytes_of_command = 256;
/// Accounts whose interest a peer has begun to tell; more are not listed.
constexpr size_t most_listed = 100'000;
constexpr size_t longest_listed = 256;

} // namespace

std::vector<actors::gateway_account> gateway_session::accounts(bool subscriptions) const {
  std::vector<actors::gateway_account> out;
  for (const auto& name : listed_) {
    auto& one = out.emplace_back(actors::gateway_account{name, 0, 0, {}});
    auto where = heard_ ? where_.accounts.find(name) : nullptr;
    if (!where)
      continue;
    auto groups = queued_.find(where.get());
    one.queue_subscriptions = groups == queued_.end() ? 0 : groups->second;
    one.subscriptions = heard_->size_in(*where);
    if (subscriptions)
      heard_->for_each(*where, [&](const actors::remote_interest& each) {
        one.subscription_list.push_back({name,
                                         std::string{each.subject()},
                                         std::string{each.queue()},
                                         {},
                                         0,
                                         0,
                                         where_.dest->cid});
      });
  }
  return out;
}

/// The peer's list may be empty: it knows the account, and wants nothing there.
void gateway_session::list(std::string_view account) {
  if (!account.empty() && account.size() <= longest_listed && listed_.size() < most_listed)
    listed_.emplace(account);
}

// -- the peer's interest, if we dialled
// -----------------------------------------------------------

void gateway_session::put(const actors::account_ptr& where,
                          const actors::peer_interest::key& what) {
  auto outcome = heard_->put(where, what);
  if (outcome == actors::peer_interest::outcome::added && !what.queue.empty())
    ++queued_[where.get()];
  if (outcome == actors::peer_interest::outcome::invalid)
    log::debug("gid:{} - its interest in \"{}\" is not taken: it is no valid subject",
               where_.dest->cid, log::printable(what.subject, 256));
}

bool gateway_session::on_interest(const protocol::link_interest& what) {
  const auto& where = account_of(what.account);
  if (!where) {
    remember(what);
    return true;
  }
  actors::peer_interest::key key{{}, what.subject, what.queue};
  if (what.add)
    put(where, key);
  else if (heard_->drop(*where, key) && !key.queue.empty())
    --queued_[where.get()];
  return !has_enough();
}

/// A resolver may bring the account later.
void gateway_session::remember(const protocol::link_interest& what) {
  waiting_interest::key key{
      std::string{what.account}, {}, std::string{what.subject}, std::string{what.queue}};
  if (what.add)
    keep(std::move(key));
  else
    waiting_.drop(key);
}

void gateway_session::keep(waiting_interest::key what) {
  if (waiting_.add(std::move(what), 1) == waiting_interest::outcome::overflowed)
    log::warn("gid:{} - {}", where_.dest->cid, too_much_waits);
}

/// A+ only takes back what A- said: interest comes as RS+.
bool gateway_session::on_account(bool interested, std::string_view account) {
  if (interested)
    return true;
  if (const auto& where = account_of(account))
    drop_plain(*where);
  waiting_.drop_plain(account);
  return true;
}

void gateway_session::drop_plain(actors::account& where) {
  heard_->drop_if(where, [](const auto& what, uint32_t) { return what.queue.empty(); });
}

// -- our interest, if we accepted
// -------------------------------------------------------------------

void gateway_session::account_changed(const actors::account_ptr& which) {
  account_.reset();
  subject_.reset();
  subject_seen_ = nullptr;
  if (!admitted())
    return;
  bool removed = where_.accounts.find(which->name) != which;
  if (heard_) {
    if (removed)
      keep_waiting(which);
    else
      take_in(which);
    return;
  }
  if (removed) {
    forget(which);
    return;
  }
  if (begun_.contains(which.get())
      || std::find(untold_.begin(), untold_.end(), which) != untold_.end())
    return;
  if (auto known = refused_.find(which->name); known != refused_.end()) {
    refused_.erase(known);
    host_.say(fmt::format("A+ {}\r\n", which->name));
  }
  untold_.insert(untold_.begin(), which);
  host_.go_on_telling();
}

/// The peer says but once what it wants there: another account of its name gets that, whether it is
/// there already or comes later.
void gateway_session::keep_waiting(const actors::account_ptr& removed) {
  heard_->drop_if(*removed, [&](const auto& what, uint32_t) {
    keep({removed->name, {}, std::string{what.subject}, std::string{what.queue}});
    return true;
  });
  heard_->clear(*removed);
  queued_.erase(removed.get());
  if (auto next = where_.accounts.find(removed->name))
    take_in(next);
}

void gateway_session::take_in(const actors::account_ptr& which) {
  waiting_.take(which->name, [&](const auto& what, uint32_t) {
    put(which, {{}, what.subject, what.queue});
  });
}

/// A- alone would leave groups in force, and at nats-server with them all else (gateways.md 6).
void gateway_session::forget(const actors::account_ptr& removed) {
  if (!untold_.empty() && untold_.back() == removed)
    untold_texts_.clear();
  std::erase(untold_, removed);
  bool begun = begun_.erase(removed.get()) > 0;
  withdraw(*removed);
  if (auto next = where_.accounts.find(removed->name)) {
    begin_again(next);
    return;
  }
  if (begun)
    host_.say(fmt::format("A- {}\r\n", removed->name));
  listed_.erase(removed->name);
}

/// The peer knows names, and has heard that of this account as well all has ended.
void gateway_session::begin_again(const actors::account_ptr& which) {
  if (begun_.erase(which.get()) == 0)
    return;
  withdraw(*which);
  if (std::find(untold_.begin(), untold_.end(), which) == untold_.end())
    untold_.insert(untold_.begin(), which);
  host_.go_on_telling();
}

void gateway_session::withdraw(const actors::account& where) {
  for (const auto& each : told_->withdraw(where))
    write(where.name, each);
}

/// What changes before that is found in the ledger then: the peer would not listen yet.
void gateway_session::begin_telling(const actors::account_ptr& where) {
  begun_.insert(where.get());
  list(where->name);
  host_.say(command_line(gateway_command::interest_begins, mine_->info.gateway, where->name));
  untold_texts_ = where->ledger->all();
}

void gateway_session::tell_more() {
  if (!admitted() || !told_)
    return;
  for (auto left = told_a_turn; left > 0 && !untold_.empty();) {
    const auto& where = untold_.back();
    if (!begun_.contains(where.get()))
      begin_telling(where);
    if (!untold_texts_.empty()) {
      left -= std::min(left, bytes_to_tell(*untold_texts_.back()));
      announce(where, untold_texts_.back());
      untold_texts_.pop_back();
      continue;
    }
    left -= std::min(left, bytes_of_command);
    host_.say(command_line(gateway_command::interest_ends, mine_->info.gateway, where->name));
    untold_.pop_back();
  }
  if (!untold_.empty())
    host_.go_on_telling();
}

void gateway_session::tell(const actors::interest_changes& changes) {
  if (!admitted() || !told_)
    return;
  for (const auto& each : changes.all)
    if (begun_.contains(each.where.get()))
      announce(each.where, each.what);
}

/// A group counts as one member, however many it has (gateways.md section 5).
void gateway_session::announce(const actors::account_ptr& where, const actors::shared_text& what) {
  for (const auto& each : told_->update(where, what))
    write(where->name, each);
}

void gateway_session::write(std::string_view account, const actors::announcement& what) {
  bool add = what.weight > 0;
  line_ = add ? "RS+ " : "RS- ";
  line_ += account;
  line_ += ' ';
  line_ += what.what->subject();
  if (auto queue = what.what->queue(); !queue.empty()) {
    line_ += ' ';
    line_ += queue;
    if (add)
      line_ += " 1";
  }
  line_ += "\r\n";
  if (line_.size() <= where_.dest->longest_line)
    host_.say(line_);
  else
    too_long_.note("gid", where_.dest->cid);
}

} // namespace troupe::federation
