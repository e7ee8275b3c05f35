// actors/connection_jwt.cpp: who a connection is in operator mode, and for how long.
#include "actors/connection.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "protocol/one_line.hpp"

#include <algorithm>

namespace troupe::actors {

using protocol::close_reason;
using protocol::errc;
using security::standing;

/// Judged elsewhere; this connection waits, others do not.
void connection::check_jwt() {
  auto& state = login();
  jwt_login request;
  request.type = type();
  request.jwt = std::move(state.connect.jwt); // not kept: the claims that count are in the verdict
  request.signature = std::move(state.connect.sig);
  request.nonce = state.nonce;
  request.address = socket_->ip;
  state.connect.jwt.clear();
  state.connect.sig.clear();
  pause(pause_login);
  judge_jwt(home_.shared, std::move(request), caf::actor_cast<connection_actor>(this));
}

void connection::after_jwt(const jwt_outcome& outcome) {
  auto& state = login();
  state.asking = false;
  if (const auto* no = std::get_if<security::login_refusal>(&outcome.verdict)) {
    auto why = protocol::on_one_line(no->reason); // it may quote a stranger's claims
    if (outcome.by_callout)
      state.judged_why = why;
    refuse_login(outcome.who.empty() ? why : outcome.who + ": " + why);
    return;
  }
  if (!state.connect.account.empty() || state.connect.new_account) {
    refuse_login("it asked for an account by name, which is obsolete");
    return;
  }
  const auto& user = std::get<security::admitted_user>(outcome.verdict);
  if (user.needs_callout) {
    ask_callout(outcome);
    return;
  }
  jwt_ = std::make_unique<jwt_identity>(*this);
  jwt_->user = user;
  if (outcome.by_callout && user.default_permissions && !home_.current->operator_mode())
    jwt_->user.allowed = home_.current->auth.defaults_of(user.account); // as of now
  own_subscriptions_ = user.subscriptions;
  own_payload_ = user.payload;
  jwt_->shown = outcome.by_callout ? outcome.shown : user.key;
  state.identity = {};
  state.identity.label = (outcome.by_callout ? "callout:" : "jwt:") + jwt_->shown;
  state.identity.account = user.account;
  if (!enter_by_jwt(outcome))
    return;
  set_permissions(jwt_->user.allowed);
  if (!(state.introduced ? accept_connect() : accept_without_connect()))
    return;
  await_expiry();
  if (own_subscriptions_ == 0 || policy_->rules.limits.subscriptions == 0) {
    // As nats-server has it: a client that may not have one subscription is of no use.
    log::error("{} - maximum subscriptions exceeded", who());
    say_error(describe(errc::subscriptions_exceeded).wire);
    close(close_reason::max_subscriptions_exceeded);
  }
}

/// The account may have changed since the verdict; from here on each change is heard of.
bool connection::enter_by_jwt(const jwt_outcome& outcome) {
  if (!enter_by_login(outcome.account))
    return false;
  set_max_payload();
  if (policy_->trust == outcome.judged_by)
    return true;
  if (!policy_->trust || !policy_->trust->is_valid_at(unix_now())
      || recheck(jwt_->user, *outcome.judged_by, *policy_->trust) != standing::unchanged) {
    refuse_login(outcome.who + ": the account has changed while the user logged in");
    return false;
  }
  if (jwt_->user.default_permissions)
    jwt_->user.allowed = policy_->trust->default_permissions();
  return true;
}

/// The account's JWT is another one now, or may have expired.
void connection::follow_trust(const account_policy& before) {
  if (!jwt_ || !before.trust)
    return;
  if (!policy_->trust) {
    log::info("{} - No operator vouches for the account any more", who());
    fail(errc::authorization_violation);
    return;
  }
  if (!policy_->trust->is_valid_at(unix_now())) {
    log::info("{} - The account's JWT has expired", who());
    fail(errc::account_expired);
    return;
  }
  if (policy_->trust == before.trust)
    return;
  if (expel(recheck(jwt_->user, *before.trust, *policy_->trust)))
    return;
  if (!policy_->trust->callout() != !before.trust->callout())
    set_permissions(granted_);
  const auto& now = policy_->trust->default_permissions();
  if (!jwt_->user.default_permissions || now == jwt_->user.allowed)
    return;
  jwt_->user.allowed = now;
  set_permissions(now);
  recheck_subscriptions();
  home_.loop.flush_later(token_);
}

/// True: this user cannot stay, and has been told as much as is usual.
bool connection::expel(standing why) {
  switch (why) {
  case standing::unchanged: return false;
  case standing::revoked:
    log::info("{} - The user is revoked", who());
    fail(errc::user_revoked);
    return true;
  case standing::bearer_not_allowed:
    log::info("{} - The account allows no bearer JWTs any more", who());
    fail(errc::authorization_violation);
    return true;
  case standing::signing_key_removed:
    log::info("{} - The key that signed the user's JWT was removed from the account", who());
    close(close_reason::credentials_revoked);
    return true;
  case standing::scope_changed:
    log::info("{} - The scope of the key that signed the user's JWT has changed", who());
    close(close_reason::credentials_revoked);
    return true;
  }
  return false;
}

/// No timer is set for longer, so that a clock that is put right is noticed.
void connection::await_expiry() {
  constexpr int64_t longest = 3600;
  if (jwt_->user.valid_until == 0)
    return;
  // A JWT is good through the second that it names.
  auto left = jwt_->user.valid_until - unix_now() + 1;
  home_.loop.timers().start(jwt_->expiry,
                            std::chrono::seconds{std::clamp<int64_t>(left, 0, longest)});
}

void connection::user_expires() {
  if (phase_ >= phase::lingering)
    return;
  if (unix_now() <= jwt_->user.valid_until) {
    await_expiry();
    return;
  }
  log::info("{} - The user's JWT has expired, or its time of day is over", who());
  fail(errc::user_expired);
}

} // namespace troupe::actors
