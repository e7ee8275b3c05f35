// actors/connection.cpp: a connection's life: start, mail, timers, end.
#include "actors/connection.hpp"

#include "actors/jwt_login.hpp"
#include "actors/log.hpp"
#include "actors/observer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::actors {

using protocol::close_reason;
using protocol::errc;

namespace {

constexpr auto first_ping_after = std::chrono::seconds{2};

} // namespace

connection::connection(caf::actor_config& cfg, reactor& home, accepted_ptr socket, uint64_t cid)
    : pinned<connection_actor::base>(cfg),
      peer_stream{home, std::move(socket),
                  [&] {
                    return protocol::make_ref<destination>(
                        cid, home.shared.slots.take(), protocol::peer_kind::client,
                        home.current->options.limits.max_pending);
                  }()},
      cid_{cid} {
  dest_->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ctrl());
  max_payload_ = home_.current->options.limits.max_payload;
}

connection::~connection() = default;

caf::strong_actor_ptr connection::me() {
  return caf::actor_cast<caf::strong_actor_ptr>(this);
}

connection::behavior_type connection::make_behavior() {
  return {
      [this](atom::deliver, const outgoing_ptr& batch) { take(batch); },
      [this](atom::await_drain, const caf::strong_actor_ptr& whom) { await_drain(whom); },
      [this](atom::drained) { drained(); },
      [this](atom::fenced) {
        if (fences_ > 0 && --fences_ == 0)
          fence_passed();
      },
      [this](atom::overrun) {
        if (phase_ < phase::lingering)
          close(close_reason::slow_consumer_pending_bytes, true);
      },
      [this](atom::shut_down) {
        if (phase_ < phase::lingering)
          close(close_reason::server_shutdown);
      },
      [this](const login_result_ptr& result) {
        if (phase_ != phase::talking)
          return; // too late
        if (result->jwt)
          after_jwt(*result->jwt);
        else if (std::exchange(rechecking_, false))
          after_recheck(result->outcome);
        else
          after_login(result->outcome);
        if (!login().asking)
          unpause(pause_login);
      },
  };
}

void connection::on_exit() {
  // However the actor ends, its socket and interest end with it.
  if (phase_ != phase::closed) {
    retire(close_reason::internal_error);
    destroy();
  }
  waiters_.clear();
}

void connection::start(connection_actor self) {
  home_.add(cid_, *this, std::move(self));
  open();
  started_ = last_activity_;
  log::debug("{} - Client connection created", who());
  enter(home_.shared.accounts.global);
  set_permissions({});
  const auto& options = home_.current->options;
  auto limit = options.limits.max_connections;
  counted_ = true;
  auto open = home_.shared.open_connections.fetch_add(1, std::memory_order_relaxed) + 1;
  home_.shared.sums.connections.fetch_add(1, std::memory_order_relaxed);
  must_log_in_ = !home_.current->open(ws_ != nullptr);
  if (limit >= 0 && open > limit) {
    greet();
    fail(errc::connections_exceeded);
    return;
  }
  begin_tls();
}

/// The prefix of this client's log lines.
std::string connection::who() const {
  auto out = fmt::format("{} - {}:{}", peer(), ws_ ? "wid" : "cid", cid_);
  if (!login_ || !connected_)
    return out;
  const auto& c = login_->connect;
  if (!c.version.empty() || !c.lang.empty() || !c.name.empty()) {
    auto part = [](std::string_view text) { return log::printable(text, 64); };
    out += " - \"";
    if (!c.version.empty())
      out += "v" + part(c.version);
    if (!c.lang.empty())
      out += ":" + part(c.lang);
    if (!c.name.empty())
      out += ":" + part(c.name);
    out += '"';
  }
  if (!login_->identity.label.empty())
    out += fmt::format(" - \"{}/{}\"", account_ ? account_->name : "",
                       log::printable(login_->identity.label));
  return out;
}

void connection::on_fault(const char* what) noexcept {
  try {
    log::error("{} - Internal error, closing this connection: {}", who(), what);
    close(close_reason::internal_error, true);
  } catch (...) { // even the log failed: the socket must still go
    destroy();
  }
}

// -- timers
// ----------------------------------------------------------------------------------------

void connection::start_liveness() {
  auto interval = home_.current->ping_interval(ws_ != nullptr);
  auto first = std::min<std::chrono::nanoseconds>(interval, first_ping_after);
  // Up to a fifth more, so that a thousand clients of one second do not answer in one.
  auto spread = std::chrono::nanoseconds{first.count() / 5 * static_cast<int64_t>(cid_ % 16) / 16};
  home_.loop.timers().start(life_timer_, first + spread);
}

void connection::liveness_due() {
  const auto& timing = home_.current->options.timing;
  if (login_ && login_->asking) {
    callout_overdue();
    return;
  }
  if (must_log_in_ && home_.current->login_required(ws_ != nullptr)) {
    log::error("{} - Authentication Timeout", who());
    fail(errc::authentication_timeout);
    return;
  }
  auto now = home_.loop.now();
  bool measured =
      ping_sent_.time_since_epoch().count() != 0 && now - ping_sent_ < std::chrono::hours{1};
  bool busy = std::exchange(active_, false);
  if (!(busy && measured)) {
    if (static_cast<int64_t>(pings_out_) + 1 > timing.ping_max) {
      home_.shared.sums.stale_connections.fetch_add(1, std::memory_order_relaxed);
      log::debug("{} - Stale Client Connection - Closing", who());
      fail(errc::stale_connection);
      return;
    }
    ++pings_out_;
    ping_sent_ = now;
    say("PING\r\n");
    queue_own();
    if (phase_ == phase::closed)
      return;
  }
  if (!batch_messages_ && kept_.size == 0) {
    verdicts_.reset(); // an idle client keeps no memories
    forget_subject();
  }
  home_.loop.timers().start(life_timer_, home_.current->ping_interval(ws_ != nullptr));
}

void connection::on_timer(timer& which) {
  try {
    if (stream_timer(which))
      return;
    if (jwt_ && &which == &jwt_->expiry) {
      user_expires();
      return;
    }
    switch (phase_) {
    case phase::sniffing:
      if (greeted_)
        talk(); // plain after all
      else
        greet();
      break;
    case phase::handshaking:
      log::error("{} - TLS handshake error: no handshake within the time limit", who());
      close(close_reason::tls_handshake_error, true);
      break;
    case phase::talking: liveness_due(); break;
    case phase::refusing: fail(errc::authorization_violation); break;
    case phase::lingering: destroy(); break;
    case phase::closed: break;
    }
  } catch (const std::exception& e) {
    on_fault(e.what());
  }
}

// -- the end
// ---------------------------------------------------------------------------------------

/// A fatal protocol error: what came before stands, then the error, then the end.
void connection::fail(errc code) {
  if (phase_ >= phase::lingering)
    return;
  auto text = describe(code);
  if (!text.wire.empty())
    say_error(text.wire);
  if (!text.closes)
    return;
  if (code == errc::authorization_violation)
    tell(happening::refused);
  linger(protocol::reason_of(code));
}

/// Withdraws everything others know of this connection; once.
void connection::retire(close_reason reason) {
  if (end_ != close_reason::none)
    return;
  end_ = reason;
  insert_fresh();
  dest_->doom();
  dest_->gate.close();
  stop_reading();
  auto last = snapshot(true);
  auto where = account_;
  for (const auto& sub : subscriptions_)
    if (account_)
      account_->drop_interest(*sub, home_.routes.news());
  drop_shadows();
  leave();
  log_closed(reason);
  last.stop = std::chrono::system_clock::now();
  last.reason = to_string(reason);
  tell_end(where, last);
  subscriptions_.clear();
  forget_subject();
  if (counted_)
    home_.shared.open_connections.fetch_sub(1, std::memory_order_relaxed);
  counted_ = false;
  home_.retire(cid_, std::move(last));
  release_waiters();
}

void connection::log_closed(close_reason reason) {
  switch (reason) {
  case close_reason::slow_consumer_pending_bytes:
    home_.shared.sums.slow_consumers.fetch_add(1, std::memory_order_relaxed);
    log::info("{} - Slow Consumer Detected: MaxPending of {} Exceeded", who(), dest_->max_pending);
    break;
  case close_reason::slow_consumer_write_deadline:
    home_.shared.sums.slow_consumers.fetch_add(1, std::memory_order_relaxed);
    log::info("{} - Slow Consumer Detected: WriteDeadline of {}ms exceeded with {} bytes waiting",
              who(),
              std::chrono::duration_cast<std::chrono::milliseconds>(
                  home_.current->options.timing.write_deadline)
                  .count(),
              queued_bytes_);
    break;
  case close_reason::authentication_violation:
  case close_reason::authentication_timeout:
  case close_reason::tls_handshake_error: break; // said where it happened, with more detail
  case close_reason::protocol_violation:
  case close_reason::max_connections_exceeded:
  case close_reason::max_payload_exceeded:
  case close_reason::max_control_line_exceeded:
  case close_reason::bad_client_protocol_version:
  case close_reason::no_responders_needs_headers:
  case close_reason::stale_connection:
  case close_reason::credentials_revoked:
    log::info("{} - Client connection cut: {}", who(), to_string(reason));
    return;
  default: break;
  }
  log::debug("{} - Client connection closed: {}", who(), to_string(reason));
}

void connection::gone() {
  if (jwt_)
    jwt_->expiry.stop();
  home_.dismiss(cid_);
}

// -- looking at it
// ---------------------------------------------------------------------------------

connection_snapshot connection::snapshot(bool with_subscriptions) {
  settle();
  auto wall = [&](loop_clock::time_point when) {
    return std::chrono::system_clock::now()
           - std::chrono::duration_cast<std::chrono::system_clock::duration>(home_.loop.now()
                                                                             - when);
  };
  connection_snapshot out;
  out.cid = cid_;
  out.websocket = ws_ != nullptr;
  out.reactor = home_.index;
  out.ip = socket_->ip;
  out.port = socket_->port;
  out.start = wall(started_);
  out.last_activity = wall(last_activity_);
  out.rtt = rtt_;
  out.pending_bytes = dest_->pending.load(std::memory_order_relaxed);
  out.mailbox = 0;
  out.in_messages = in_messages_;
  out.in_bytes = in_bytes_;
  out.out_messages = out_messages_;
  out.out_bytes = out_bytes_;
  out.stalls = stalls_;
  out.subscriptions = subscriptions_.size();
  out.account = account_ ? account_->name : "";
  out.allowed = permissions_;
  if (jwt_) {
    out.user_name = jwt_->user.name;
    if (jwt_->user.valid_until != 0)
      out.expires = wall_time{std::chrono::seconds{jwt_->user.valid_until}};
  }
  if (login_) {
    out.name = login_->connect.name;
    out.lang = login_->connect.lang;
    out.version = login_->connect.version;
    out.user = claimed_user();
    out.certificate_subject = login_->certificate_subject;
    out.certificate_spki = login_->certificate_spki;
    out.certificate_sha256 = login_->certificate_sha256;
  }
  if (tls_) {
    std::string_view version = SSL_get_version(tls_->native());
    out.tls_version = version.starts_with("TLSv") ? version.substr(4) : version;
    if (auto* cipher = SSL_get_current_cipher(tls_->native()))
      out.tls_cipher = SSL_CIPHER_standard_name(cipher);
  }
  if (with_subscriptions)
    for (const auto& sub : subscriptions_)
      out.subscription_list.push_back({out.account, std::string{sub->subject()},
                                       std::string{sub->queue()}, sub->sid,
                                       sub->delivered.load(std::memory_order_relaxed),
                                       sub->maximum.load(std::memory_order_relaxed), cid_});
  return out;
}

actor_snapshot connection::as_actor() {
  settle();
  actor_snapshot out;
  out.path = fmt::format("broker/reactor/{}/connection/{}", home_.index, cid_);
  out.place = fmt::format("reactor {}", home_.index);
  out.state = fmt::format("{} {} subs", peer(), subscriptions_.size());
  if (paused_ != 0)
    out.state += " paused";
  if (blocked_)
    out.state += fmt::format(" blocked with {} bytes", queued_bytes_);
  out.in_messages = in_messages_;
  out.out_messages = out_messages_;
  out.in_bytes = in_bytes_;
  out.out_bytes = out_bytes_;
  return out;
}

} // namespace troupe::actors
