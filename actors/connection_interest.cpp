// actors/connection_interest.cpp: what the peer wants to hear, and from when on that holds.
#include "actors/account_policy.hpp"
#include "actors/connection.hpp"

#include "actors/log.hpp"
#include "protocol/subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace troupe::actors {

using protocol::errc;

bool connection::on_subscribe(std::string_view subject, std::string_view queue,
                              std::string_view sid) {
  active_ = true;
  insert_fresh();
  trace_in("SUB", subject);
  auto quoted = [&] {
    auto out = fmt::format("\"{}\"", log::printable(subject, 4096));
    if (!queue.empty())
      out += fmt::format(" using queue \"{}\"", log::printable(queue, 4096));
    return out;
  };
  auto verdict = permissions_ ? permissions_->may_subscribe(subject, queue)
                              : security::subscribe_verdict::allowed;
  if (verdict == security::subscribe_verdict::refused || queue == "_sys_") {
    log::error("{} - Subscription Violation - Subject {}, SID {}", who(), quoted(),
               log::printable(sid));
    tell_denied("subscribe", subject, queue);
    say_error("Permissions Violation for Subscription to " + quoted());
    return true;
  }
  const auto& limits = home_.current->options.limits;
  if (limits.max_subscription_tokens > 0
      && protocol::token_count(subject) > static_cast<size_t>(limits.max_subscription_tokens)) {
    say_error(fmt::format("Permissions Violation for Subscription to \"{}\", too many tokens",
                          log::printable(subject, 4096)));
    return true;
  }
  if (!policy_->admits_subscription(subscriptions_.size(), limits.max_subscriptions)
      || (own_subscriptions_ >= 0
          && static_cast<int64_t>(subscriptions_.size()) >= own_subscriptions_)) {
    log::error("{} - maximum subscriptions exceeded", who());
    say_error(describe(errc::subscriptions_exceeded).wire);
    return true;
  }
  if (!protocol::is_valid_subscription(subject)) {
    say_error(describe(errc::invalid_subject).wire);
    return true;
  }
  if (!subscriptions_.contains(sid)) { // a live sid keeps its subscription
    auto sub = protocol::make_ref<subscription>(account_->interests.share_text(subject, queue), sid,
                                                dest_);
    if (verdict == security::subscribe_verdict::allowed_filtered) {
      sub->filter = permissions_;
      sub->quirks = quirk_filtered;
    }
    subscriptions_.insert(sub);
    fresh_ = std::move(sub);
  }
  if (verbose_)
    say("+OK\r\n");
  return true;
}

bool connection::on_unsubscribe(std::string_view sid, std::optional<int64_t> max) {
  active_ = true;
  trace_in("UNSUB", sid);
  if (auto it = subscriptions_.find(sid); it != subscriptions_.end()) {
    auto sub = *it;
    if (max && *max > 0) {
      limit(sub, static_cast<uint64_t>(*max));
    } else {
      insert_fresh();
      forget(sub);
      unsubscribed_ = true;
    }
  }
  if (verbose_ && phase_ == phase::talking)
    say("+OK\r\n");
  return go_on();
}

/// Interest is seen by others with the next operation, or when the read ends: a maximum that comes
/// right behind the SUB is in force before anything can be delivered.
void connection::insert_fresh() {
  if (auto sub = std::exchange(fresh_, nullptr); sub && account_)
    insert_interest(sub);
}

/// With a maximum publishers count each delivery themselves. Those that were formatted before they
/// knew are on their way here: only when all have come in, the count is exact.
void connection::limit(const subscription_ptr& sub, uint64_t maximum) {
  if (sub.get() == fresh_.get()) {
    sub->maximum.store(maximum, std::memory_order_relaxed);
    sub->quirks.fetch_or(quirk_limited, std::memory_order_release);
    return;
  }
  insert_fresh();
  flush_batch();
  queue_own(); // what it sent to itself counts, too
  if (phase_ != phase::talking)
    return;
  if ((sub->quirks.load(std::memory_order_relaxed) & quirk_limited) != 0) {
    set_maximum(sub, maximum);
    return;
  }
  sub->maximum.store(std::numeric_limits<uint64_t>::max(), std::memory_order_relaxed);
  sub->quirks.fetch_or(quirk_limited, std::memory_order_release);
  if (begin_fence(true)) {
    limiting_ = sub;
    new_maximum_ = maximum;
  } else {
    settle();
    set_maximum(sub, maximum);
  }
}

/// A publisher counts first and then looks for the maximum, we the other way round: one of the two
/// sees that the old maximum was reached, and then it has ended there.
void connection::set_maximum(const subscription_ptr& sub, uint64_t maximum) {
  auto before = sub->maximum.exchange(maximum);
  if (sub->delivered.load() < std::min(before, maximum))
    return;
  forget(sub);
  unsubscribed_ = true;
}

void connection::forget(const subscription_ptr& sub) {
  if (account_) // a connection that ends has left it, and its last deliveries may still come in
    remove_interest(sub);
  subscriptions_.erase(sub);
}

/// A PONG promises that everything before the PING has taken effect. What other clients published
/// to this one earlier must have been handed over too: batches that are in our mailbox come first,
/// and after an UNSUB also those that other reactors are still filling.
bool connection::begin_fence(bool everywhere) {
  auto me = caf::actor_cast<caf::strong_actor_ptr>(this);
  if (everywhere) {
    for (const auto& other : home_.shared.reactors)
      if (other.get() != &home_) {
        ++fences_;
        caf::anon_send(other->actor, atom::fence_v, me);
      }
  }
  bool mail_waits = dest_->pending.load(std::memory_order_acquire) > queued_bytes_;
  if (fences_ == 0 && mail_waits) {
    fences_ = 1;
    caf::anon_send(caf::actor_cast<connection_actor>(me), atom::fenced_v);
  }
  if (fences_ > 0)
    pause(pause_fence);
  return fences_ > 0;
}

void connection::fence_passed() {
  auto sub = std::exchange(limiting_, nullptr);
  if (!sub) {
    fence_done();
    return;
  }
  if (phase_ != phase::talking)
    return;
  settle();
  if (auto it = subscriptions_.find(sub->sid); it != subscriptions_.end())
    set_maximum(subscription_ptr{*it}, new_maximum_);
  unpause(pause_fence);
}

void connection::fence_done() {
  say("PONG\r\n");
  if (async_info_ && connected_ && !std::exchange(ponged_, true))
    send_info(true);
  if ((paused_ & pause_fence) != 0) {
    queue_own();
    unpause(pause_fence);
  }
}

} // namespace troupe::actors
