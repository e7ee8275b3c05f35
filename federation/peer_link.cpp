// federation/peer_link.cpp: TLS, time limits, pings, and the end of a link.
#include "federation/peer_link.hpp"

#include "actors/core.hpp"
#include "actors/log.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::federation {

namespace log = actors::log;
using actors::loop_clock;
using protocol::close_reason;

namespace {

constexpr auto first_ping_after = std::chrono::seconds{1};

/// "tlsv13 alert certificate required" of OpenSSL's "error:…:SSL routines::tlsv13 alert …".
std::string alert_in(const std::string& problem) {
  auto reason = problem.substr(problem.rfind(':') + 1);
  return reason.find(" alert ") == reason.npos ? std::string{} : reason;
}

/// Why the peer has ended a connection, if it said so. With TLS 1.3 it judges our certificate when
/// for us the handshake is over, so this may be all that we are told. Takes what it has sent.
std::string last_alert(actors::tls_stream& tls) {
  std::array<char, 1024> rest;
  for (int reads = 0; reads < 16 && alert_in(tls.problem()).empty(); ++reads)
    if (tls.read(rest.data(), rest.size()).what != actors::io_result::status::ok)
      break;
  return alert_in(tls.problem());
}

} // namespace

actors::wall_time wall(const actors::event_loop& loop, loop_clock::time_point when) {
  return std::chrono::system_clock::now()
         - std::chrono::duration_cast<std::chrono::system_clock::duration>(loop.now() - when);
}

peer_link::peer_link(actors::reactor& home, actors::accepted_ptr socket,
                     actors::link_destination_ptr dest, link_terms_ptr terms,
                     const link_words& words, const std::string* dialled)
    : actors::peer_stream{home, std::move(socket), dest}, link_{std::move(dest)}, common_{std::move(
                                                                                      terms)},
      words_{words}, dialled_{dialled != nullptr}, tls_host_{dialled ? *dialled : std::string{}} {}

std::string peer_link::who() const {
  return fmt::format("{} - {}:{}", peer(), words_.prefix, link_->cid);
}

void peer_link::start() {
  open();
  started_ = last_activity_;
  log::info("{} - {}", who(), words_.created);
  const auto& tls = dialled_ ? common_->tls.dialling : common_->tls.accepting;
  if (ws_ || !tls) { // TLS of a websocket has been there before it
    talk();
    return;
  }
  if (!dialled_ && common_->hello_wait.count() > 0) {
    phase_ = phase::sniffing;
    home_.loop.timers().start(life_timer_, common_->hello_wait);
    return;
  }
  begin_handshake(tls->make_session(tls_host_), common_->tls_timeout);
  if (dialled_)
    continue_tls();
}

/// Nothing has been said, so whoever speaks speaks TLS.
void peer_link::sniff() {
  char first = 0;
  auto got = ::recv(fd_, &first, 1, MSG_PEEK);
  if (got == 0) {
    close(close_reason::client_closed, true);
  } else if (got == 1) {
    begin_handshake(common_->tls.accepting->make_session(), common_->tls_timeout);
    continue_tls();
  }
}

void peer_link::talk() {
  phase_ = phase::talking;
  home_.loop.timers().start(life_timer_, common_->auth_timeout);
  begin();
  home_.loop.flush_later(token_);
}

void peer_link::let_in() {
  if (!tls_ && !ws_)
    dest_->gate.open(fd_);
  // Up to a fifth more, so that the links of one broker do not ping in one moment.
  auto spread = std::chrono::milliseconds{200 * (link_->cid % 16) / 16};
  home_.loop.timers().start(life_timer_,
                            std::min<loop_clock::duration>(first_ping_after, common_->ping_interval)
                                + spread);
  ping();
  home_.loop.flush_later(token_);
}

void peer_link::ping() {
  ++pings_out_;
  ping_sent_ = home_.loop.now();
  say("PING\r\n");
}

void peer_link::end(close_reason why, std::string_view error, std::string_view text, bool loudly) {
  if (phase_ >= phase::lingering)
    return;
  if (!text.empty())
    log::line(loudly ? config::log_level::error : config::log_level::debug, "{} - {}", who(), text);
  if (!error.empty())
    say_error(error);
  close(why);
}

void peer_link::note_pong() {
  if (pings_out_ > 0) {
    rtt_ = loop_clock::now() - ping_sent_;
    link_->rtt.store(rtt_.count(), std::memory_order_relaxed);
  }
  pings_out_ = 0;
}

void peer_link::tell_when_read() {
  // With what was said in this turn of the loop: much mail to itself can be read in one.
  auto own = own_ ? static_cast<int64_t>(own_->bytes_so_far()) : 0;
  if (dest_->pending.load(std::memory_order_relaxed) + own < actors::router::high_water / 2) {
    tell_next();
    return;
  }
  owes_interest_ = true;
  waiters_.push_back(me());
}

void peer_link::told(const actors::interest_changes& changes) {
  if (phase_ == phase::talking)
    queue_own();
  auto left = dest_->pending.fetch_sub(changes.cost, std::memory_order_relaxed) - changes.cost;
  // Nothing may be left to be written, after which those that wait would be looked at.
  if (!waiters_.empty() && left < actors::router::high_water / 2)
    release_waiters();
}

void peer_link::drained() {
  peer_stream::drained();
  if (phase_ == phase::talking && std::exchange(owes_interest_, false))
    tell_when_read();
}

void peer_link::settle_figures() {
  dest_->gate.hold([&] {
    out_messages_ += std::exchange(dest_->direct.messages, 0);
    out_bytes_ += std::exchange(dest_->direct.payload_bytes, 0);
  });
}

void peer_link::on_fault(const char* what) noexcept {
  try {
    log::error("{} - Internal error, closing this link: {}", who(), what);
    close(close_reason::internal_error, true);
  } catch (...) { // even the log failed: the socket must still go
    destroy();
  }
}

void peer_link::on_timer(actors::timer& which) {
  try {
    if (!stream_timer(which))
      life_due();
  } catch (const std::exception& e) {
    on_fault(e.what());
  }
}

void peer_link::life_due() {
  switch (phase_) {
  case phase::handshaking:
    log::error("{} - {}: no handshake within the time limit", who(), words_.tls);
    close(close_reason::tls_handshake_error, true);
    return;
  case phase::talking: break;
  case phase::lingering: destroy(); return;
  case phase::sniffing: talk(); return; // it waits for us to begin
  case phase::refusing:
  case phase::closed: return;
  }
  if (awaits_decision()) {
    home_.loop.timers().start(life_timer_, common_->auth_timeout);
    return;
  }
  if (!admitted()) {
    end(close_reason::authentication_timeout, "Authentication Timeout", "Authentication Timeout",
        true);
    return;
  }
  if (static_cast<int64_t>(pings_out_) + 1 > common_->ping_max) {
    home_.shared.sums.stale_connections.fetch_add(1, std::memory_order_relaxed);
    end(close_reason::stale_connection, "Stale Connection", "Stale Client Connection - Closing",
        false);
    return;
  }
  ping();
  home_.loop.timers().start(life_timer_, common_->ping_interval);
}

// -- peer_stream
// --------------------------------------------------------------------------------------

void peer_link::consume(actors::block& data, size_t size) {
  last_activity_ = home_.loop.now();
  parsing_ = true;
  size_t at = 0;
  size_t wanted = 0;
  while (at < size && paused_ == 0 && phase_ == phase::talking) {
    auto progress = parse({data.data() + at, size - at}, data);
    at += progress.used;
    wanted = progress.wanted;
    if (!has_enough())
      break; // everything used, or an unfinished operation
    flush_batch();
  }
  parsing_ = false;
  if (phase_ == phase::talking && at < size)
    keep(data, at, size, wanted);
  end_batch();
}

void peer_link::flush_batch() {
  home_.routes.flush();
  wait_for_congested();
}

void peer_link::take(const actors::outgoing_ptr& batch) {
  if (phase_ == phase::closed) {
    dest_->pending.fetch_sub(static_cast<int64_t>(batch->bytes_so_far()),
                             std::memory_order_relaxed);
    return;
  }
  out_messages_ += batch->messages;
  out_bytes_ += batch->payload_bytes;
  queue(batch);
}

std::optional<security::certificate_identity> peer_link::certificate() const {
  if (!tls_)
    return {};
  std::unique_ptr<X509, decltype(&X509_free)> own{SSL_get1_peer_certificate(tls_->native()),
                                                  &X509_free};
  if (!own)
    return {};
  return security::certificate_names(own.get());
}

void peer_link::tls_failed() {
  log::error("{} - {}: {}", who(), words_.tls, tls_->problem());
  close(close_reason::tls_handshake_error, true);
}

void peer_link::tls_done() {
  log::debug("{} - TLS handshake complete, version {}", who(), SSL_get_version(tls_->native()));
  talk();
}

void peer_link::retire(close_reason reason) {
  if (retired_)
    return;
  retired_ = true;
  dest_->doom();
  dest_->gate.close();
  settle_figures();
  stop_reading();
  withdraw();
  home_.routes.flush(); // others hear at once that its interest has gone
  bool broke = reason == close_reason::write_error || reason == close_reason::client_closed;
  if (auto why = broke && tls_ ? last_alert(*tls_) : std::string{}; !why.empty())
    log::error("{} - {}: the peer says: {}", who(), words_.tls, why);
  log::info("{} - {}: {}", who(), words_.closed, to_string(reason));
  release_waiters();
}

} // namespace troupe::federation
