// federation/route_interest.cpp: what a route hears and tells of interest.
#include "actors/account_policy.hpp"
#include "actors/log.hpp"
#include "federation/route_session.hpp"
#include "federation/telling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace troupe::federation {

namespace log = actors::log;

// -- the peer's interest
// ---------------------------------------------------------------------------

void route_session::put(const actors::account_ptr& where, const actors::peer_interest::key& what,
                        uint32_t weight) {
  if (heard_->put(where, what, std::max(weight, 1U)) == actors::peer_interest::outcome::invalid)
    host_.say("-ERR 'Invalid Subscription'\r\n");
}

bool route_session::may_take(std::string_view subject, std::string_view queue) const {
  const auto& rules = mine_->permissions;
  return !rules || rules->may_subscribe(subject, queue) != security::subscribe_verdict::refused;
}

bool route_session::on_interest(const protocol::link_interest& what) {
  if (what.add && !may_take(what.subject, what.queue)) {
    log::debug(
        "rid:{} - its interest in \"{}\" is not taken: cluster permissions forbid the export", rid_,
        log::printable(what.subject));
    return true;
  }
  auto account = named(what.account);
  const auto& where = account_of(account);
  if (!where || moved_.contains(account)) {
    remember(what);
    return true;
  }
  actors::peer_interest::key key{what.origin, what.subject, what.queue};
  if (what.add)
    put(where, key, what.weight);
  else
    heard_->drop(*where, key);
  return !has_enough();
}

/// A resolver may bring the account later.
void route_session::remember(const protocol::link_interest& what) {
  std::string account{named(what.account)};
  waiting_interest::key key{account, std::string{what.origin}, std::string{what.subject},
                            std::string{what.queue}};
  if (!what.add) {
    waiting_.drop(key);
    return;
  }
  if (keep(std::move(key), what.weight) == waiting_interest::outcome::new_account)
    host_.miss(account);
}

/// Some of them each time, for a peer may have made them up.
void route_session::miss_again() {
  for (int left = 64; left > 0; --left) {
    missed_last_ = waiting_.account_behind(missed_last_);
    if (missed_last_.empty())
      return;
    if (!moved_.contains(missed_last_))
      host_.miss(missed_last_);
  }
}

waiting_interest::outcome route_session::keep(waiting_interest::key what, uint32_t weight) {
  auto out = waiting_.add(std::move(what), weight);
  if (out == waiting_interest::outcome::overflowed)
    log::warn("rid:{} - {}", rid_, too_much_waits);
  return out;
}

void route_session::account_changed(const actors::account_ptr& which) {
  account_ = nullptr;
  subject_.reset();
  if (!admitted())
    return;
  if (where_.accounts.find(which->name) != which)
    forget_account(which);
  else if (!moved_.contains(which->name))
    take_in(which);
}

/// It was removed, and another one of its name may be there by now. The peer has to hear that ours
/// want nothing in it any more; what the peer wants it says but once, so that is kept.
void route_session::forget_account(const actors::account_ptr& removed) {
  heard_->drop_if(*removed, [&](const auto& what, uint32_t weight) {
    keep({removed->name, std::string{what.origin}, std::string{what.subject},
          std::string{what.queue}},
         weight);
    return true;
  });
  heard_->clear(*removed);
  withdraw(*removed);
  auto next = where_.accounts.find(removed->name);
  if (!next || moved_.contains(next->name))
    return;
  withdraw(*next); // the peer knows names, and has heard that of this one all has ended
  take_in(next);
  if (carries(next->name))
    tell_of(next);
}

std::vector<actors::subscription_snapshot> route_session::interest_list() const {
  std::vector<actors::subscription_snapshot> out;
  for (const auto& where : where_.accounts.all())
    heard_->for_each(*where, [&](const actors::remote_interest& remote) {
      auto& one = out.emplace_back();
      one.account = where->name;
      one.subject = remote.subject();
      one.queue = remote.queue();
      one.sid = fmt::format("{} {}{}{} {}{}{}", remote.origin().empty() ? "R" : "L",
                            remote.origin(), remote.origin().empty() ? "" : " ", where->name,
                            one.subject, one.queue.empty() ? "" : " ", one.queue);
      one.cid = rid_;
    });
  return out;
}

// -- our interest
// ----------------------------------------------------------------------------------

void route_session::tell_all() {
  untold_ = where_.accounts.all();
  std::erase_if(untold_, [this](const auto& each) { return !carries(each->name); });
  untold_texts_.clear();
  if (!untold_.empty())
    untold_texts_ = untold_.back()->ledger->all();
  host_.go_on_telling();
}

/// What was told stays told: of what ends meanwhile the end is told as always.
void route_session::tell_all_again() {
  again_ = true;
  tell_all();
}

void route_session::tell_more() {
  if (!admitted())
    return;
  for (auto left = told_a_turn; left > 0 && !untold_.empty();) {
    auto& texts = untold_texts_;
    while (left > 0 && !texts.empty()) {
      left -= std::min(left, bytes_to_tell(*texts.back()));
      announce(untold_.back(), texts.back(), again_);
      texts.pop_back();
    }
    if (!texts.empty())
      break;
    untold_.pop_back();
    if (!untold_.empty())
      texts = untold_.back()->ledger->all();
  }
  if (untold_.empty())
    again_ = false;
  else
    host_.go_on_telling();
}

void route_session::tell(const actors::interest_changes& changes) {
  if (!admitted())
    return;
  for (const auto& each : changes.all)
    announce(each.where, each.what);
}

void route_session::announce(const actors::account_ptr& where, const actors::shared_text& what,
                             bool again) {
  if (!carries(where->name))
    return;
  if (!told_->knows(*where) && where->policy()->removed)
    return; // its clients are about to go, and another one of its name may be there
  for (auto each : told_->update(where, what, 0, again)) {
    const auto& rules = mine_->permissions;
    if (rules && each.weight > 0 && !rules->may_publish(each.what->subject())) {
      if (!again)
        continue; // an end that it never heard a beginning of does no harm
      each.weight = 0;
    }
    write(where->name, each);
  }
}

void route_session::withdraw(const actors::account& where) {
  for (const auto& each : told_->withdraw(where))
    write(where.name, each);
}

void route_session::write(std::string_view account, const actors::announcement& what) {
  line_.clear();
  bool add = what.weight > 0;
  auto word = [&](std::string_view text) {
    line_ += ' ';
    line_ += text;
  };
  line_ = what.origin.empty() ? "RS" : "LS";
  line_ += add ? '+' : '-';
  if (!what.origin.empty() && (add || peer_.lnocu))
    word(what.origin);
  if (place_.has_slot())
    word(account);
  word(what.what->subject());
  if (auto queue = what.what->queue(); !queue.empty()) {
    word(queue);
    if (add)
      fmt::format_to(std::back_inserter(line_), " {}", what.weight);
  }
  line_ += "\r\n";
  if (line_.size() <= where_.dest->longest_line)
    host_.say(line_);
  else
    too_long_.note("rid", rid_);
}

} // namespace troupe::federation
