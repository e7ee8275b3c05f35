// actors/connection_account.cpp: which account a connection belongs to, and what that allows it.
#include "actors/account_policy.hpp"
#include "actors/connection.hpp"
#include "actors/jwt_login.hpp"
#include "actors/log.hpp"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::actors {

using protocol::errc;

namespace {

/// Are there more connections than the account may have, with those at other servers?
bool is_crowded(const account& which, const account_policy& policy) {
  auto limit = policy.rules.limits.connections;
  return limit >= 0
         && which.connections.load(std::memory_order_relaxed)
                    + which.leafnodes.load(std::memory_order_relaxed)
                    + which.connections_elsewhere.load(std::memory_order_relaxed)
                > limit;
}

} // namespace

void connection::enter(account_ptr where) {
  if (account_ == where)
    return;
  leave();
  account_ = std::move(where);
  policy_ = account_->policy();
  introductions_.reset();
  set_max_payload();
  forget_subject();
  verdicts_.reset();
  home_.join_account(*this, *account_);
  auto now = account_->connections.fetch_add(1, std::memory_order_relaxed) + 1;
  if (now == 1 && home_.shared.supervisor)
    caf::anon_send(home_.shared.supervisor, atom::watch_v, account_);
  account_->total_connections.fetch_add(1, std::memory_order_relaxed);
  if (!is_crowded(*account_, *policy_)) // else it has to go, and nobody else for its sake
    tell_count(account_, now);
  open_gate();
}

void connection::leave() {
  if (!account_)
    return;
  dest_->gate.close();
  settle();
  home_.leave_account(*this, *account_);
  auto left = account_->connections.fetch_sub(1, std::memory_order_relaxed) - 1;
  tell_count(account_, left);
  account_.reset();
}

/// From here on publishers may write to the socket. What TLS or a websocket has to say only its
/// owner can write.
void connection::open_gate() {
  if (!connected_ || tls_ || ws_)
    return;
  dest_->gate.hold([this] { dest_->direct.where = account_.get(); });
  dest_->gate.open(fd_);
}

/// After a login: false if the account cannot have this client, which has been told.
bool connection::enter_by_login(account_ptr where) {
  enter(std::move(where));
  if (policy_->removed) {
    refuse_login("its account was removed");
    return false;
  }
  if (is_crowded(*account_, *policy_)) {
    log::error("{} - maximum account active connections exceeded", who());
    fail(errc::account_connections_exceeded);
    return false;
  }
  return true;
}

/// The account's rules have changed.
void connection::follow_account() {
  if (!account_ || phase_ >= phase::lingering)
    return;
  auto before = std::exchange(policy_, account_->policy());
  if (policy_->removed) {
    if (policy_->farewell != errc::none)
      fail(policy_->farewell);
    else
      close(protocol::close_reason::credentials_revoked);
    return;
  }
  set_max_payload();
  forget_subject();
  follow_imports(*before);
  follow_trust(*before);
  if (phase_ >= phase::lingering)
    return;
  auto limit = policy_->rules.limits.subscriptions;
  if (limit >= 0 && subscriptions_.size() > static_cast<size_t>(limit)) {
    log::error("{} - maximum subscriptions exceeded", who());
    say_error(describe(errc::subscriptions_exceeded).wire);
    close(protocol::close_reason::max_subscriptions_exceeded);
  }
}

/// There are more connections of its account than there may be.
void connection::leave_crowd() {
  if (phase_ >= phase::lingering)
    return;
  log::error("{} - maximum account active connections exceeded", who());
  fail(errc::account_connections_exceeded);
}

void connection::set_max_payload() {
  max_payload_ = home_.current->options.limits.max_payload;
  if (policy_)
    max_payload_ = policy_->max_payload(max_payload_);
  if (own_payload_ >= 0)
    max_payload_ = max_payload_ < 0 ? own_payload_ : std::min(max_payload_, own_payload_);
  if (parsing_by_)
    parsing_by_->max_payload = max_payload_;
}

// -- imported streams
// ---------------------------------------------------------------------------------

/// In force in all accounts that it reaches when this returns.
void connection::insert_interest(const subscription_ptr& sub) {
  account_->add_interest(sub, home_.routes.news());
  for (const auto& import : policy_->streams)
    shadow(sub, import);
}

void connection::remove_interest(const subscription_ptr& sub) {
  account_->drop_interest(*sub, home_.routes.news());
  auto [begin, end] = shadows_.equal_range(sub.get());
  for (auto it = begin; it != end; ++it)
    it->second->by->from->drop_interest(*it->second, home_.routes.news());
  shadows_.erase(begin, end);
}

/// Only as much of the exporter's stream as the subscription asks for.
void connection::shadow(const subscription_ptr& sub, const stream_import_ptr& import) {
  auto pattern = import->transform.pull_back(sub->subject());
  if (!pattern)
    return;
  auto& there = import->from->interests;
  auto one = protocol::make_ref<shadow_subscription>(there.share_text(*pattern, sub->queue()), sub,
                                                     import);
  if (import->from->add_interest(one, home_.routes.news()))
    shadows_.emplace(sub.get(), std::move(one));
}

/// What is imported as before is left alone.
void connection::follow_imports(const account_policy& before) {
  auto has = [](const auto& all, const auto& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  std::erase_if(shadows_, [&](const auto& each) {
    const auto& one = each.second;
    if (has(policy_->streams, one->by))
      return false;
    one->by->from->drop_interest(*one, home_.routes.news());
    return true;
  });
  for (const auto& import : policy_->streams)
    if (!has(before.streams, import))
      for (const auto& sub : subscriptions_)
        shadow(sub, import);
}

void connection::drop_shadows() {
  for (const auto& [sub, one] : shadows_)
    one->by->from->drop_interest(*one, home_.routes.news());
  shadows_.clear();
}

// -- who it is
// ----------------------------------------------------------------------------------------

std::string_view connection::introduce(const description_scope& scope) {
  if (!introductions_)
    introductions_ = std::make_unique<known_introductions>();
  if (const auto* known = introductions_->find(scope))
    return *known;
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  auto add = [&](const char* key, std::string_view value) {
    if (!value.empty())
      out[key] = value;
  };
  if (scope.detailed) {
    auto started = std::chrono::system_clock::now()
                   - std::chrono::duration_cast<std::chrono::system_clock::duration>(
                       loop_clock::now() - started_);
    out["start"] =
        fmt::format("{:%FT%T}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(started)));
    add("host", socket_->ip);
    out["id"] = cid_;
  }
  add("acc", account_ ? std::string_view{account_->name} : std::string_view{});
  add("svc", scope.service);
  if (scope.detailed && login_) {
    const auto& c = login_->connect;
    add("user", jwt_                   ? std::string_view{jwt_->shown}
                : login_->identity.who ? std::string_view{login_->identity.who->name}
                                       : c.user);
    add("name", c.name);
    add("lang", c.lang);
    add("ver", c.version);
    if (jwt_) {
      add("issuer_key", jwt_->user.issuer);
      add("name_tag", jwt_->user.name);
      if (!jwt_->user.tags.empty())
        out["tags"] = jwt_->user.tags;
    }
  }
  if (rtt_.count() > 0)
    out["rtt"] = rtt_.count();
  if (scope.detailed || scope.server) {
    add("server", home_.current->info.server_name);
    add("cluster", home_.current->info.cluster);
  }
  if (scope.detailed) {
    out["kind"] = "Client";
    out["client_type"] = "nats";
  }
  return introductions_->keep(
      scope, out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

} // namespace troupe::actors
