// actors/peer_stream.cpp: a socket's life and what comes from it.
#include "actors/peer_stream.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace troupe::actors {

using protocol::close_reason;

namespace {

constexpr size_t first_large_read = 256 * 1024;
constexpr auto longest_linger = std::chrono::seconds{2};

} // namespace

peer_stream::peer_stream(reactor& home, accepted_ptr socket, destination_ptr dest)
    : home_{home}, socket_{std::move(socket)}, dest_{std::move(dest)}, fd_{socket_->fd},
      life_timer_{*this}, write_timer_{*this}, stall_timer_{*this} {
  dest_->home = &home_.loop;
  if (socket_->websocket) {
    ws_ = socket_->websocket.get();
    tls_ = ws_->take_tls();
  }
}

peer_stream::~peer_stream() {
  if (fd_ >= 0)
    ::close(fd_);
  home_.shared.slots.give_back(dest_->slot);
}

void peer_stream::open() {
  int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  last_activity_ = home_.loop.now();
  watched_events_ = EPOLLIN;
  token_ = home_.loop.watch(fd_, watched_events_, *this);
}

std::string peer_stream::peer() const {
  auto place = socket_->ip.find(':') == std::string::npos
                   ? fmt::format("{}:{}", socket_->ip, socket_->port)
                   : fmt::format("[{}]:{}", socket_->ip, socket_->port);
  return ws_ && !ws_->forwarded_for.empty() ? ws_->forwarded_for + "/" + place : place;
}

void peer_stream::linger(close_reason reason) {
  retire(reason);
  phase_ = phase::lingering;
  if (reason == close_reason::server_shutdown)
    input_ended_ = true; // nobody waits for the last word of the peer
  kept_ = {};
  if (own_)
    queue_own();
  if (ws_ && phase_ == phase::lingering)
    queue_frame(ws_->close_frame(reason, home_.pool));
  home_.loop.timers().start(life_timer_, longest_linger);
  update_events();
  home_.loop.flush_later(token_);
}

void peer_stream::close(close_reason reason, bool discard) {
  if (phase_ == phase::closed)
    return;
  if (discard) {
    retire(reason);
    destroy();
  } else if (phase_ < phase::lingering) {
    linger(reason);
  }
}

void peer_stream::destroy() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  life_timer_.stop();
  write_timer_.stop();
  stall_timer_.stop();
  home_.loop.unwatch(token_, fd_);
  if (tls_ && !shut_)
    tls_->send_close_notify();
  ::close(fd_);
  fd_ = -1;
  dest_->pending.fetch_sub(queued_bytes_, std::memory_order_relaxed);
  queued_bytes_ = 0;
  queue_.clear();
  backlog_.reset();
  own_.reset();
  kept_ = {};
  release_waiters();
  gone();
}

// -- TLS
// -------------------------------------------------------------------------------------------

void peer_stream::begin_handshake(security::tls_session session, loop_clock::duration limit) {
  tls_ = std::make_unique<tls_stream>(std::move(session), fd_);
  phase_ = phase::handshaking;
  home_.loop.timers().start(life_timer_, limit);
}

void peer_stream::continue_tls() {
  switch (tls_->shake_hands()) {
  case tls_stream::handshake::want_read: blocked_ = false; break;
  case tls_stream::handshake::want_write: blocked_ = true; break;
  case tls_stream::handshake::failed: tls_failed(); return;
  case tls_stream::handshake::done:
    blocked_ = false;
    tls_done();
    home_.loop.flush_later(token_); // the handshake may have read what follows it
  }
  update_events();
}

// -- reading
// ---------------------------------------------------------------------------------------

void peer_stream::on_io(uint32_t events) {
  if (phase_ == phase::handshaking) {
    continue_tls();
    return;
  }
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    write_timer_.stop();
    update_events();
    write_output();
  }
  if (phase_ == phase::closed || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
    return;
  switch (phase_) {
  case phase::sniffing: sniff(); return;
  case phase::refusing:
  case phase::lingering: discard_input(); return;
  case phase::talking: break;
  case phase::handshaking:
  case phase::closed: return;
  }
  if (paused_ == 0)
    read_input(filled_ ? home_.read_share() : reactor::read_size);
  else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
    close(close_reason::client_closed, true);
}

/// A peer that was refused may still be talking: its bytes must be taken, or the RST that closing
/// would cause could overtake our answer.
void peer_stream::discard_input() {
  auto& buffer = home_.read_buffer();
  auto result = tls_ ? tls_->read(buffer->data(), buffer->capacity())
                     : read_socket(fd_, buffer->data(), buffer->capacity());
  if (result.what == io_result::status::ok || result.what == io_result::status::would_block)
    return;
  input_ended_ = true;
  if (phase_ == phase::refusing) {
    close(close_reason::authentication_violation, true);
  } else if (shut_ || result.what == io_result::status::failed) {
    destroy();
  } else {
    update_events();
  }
}

/// No more than `most`, which is a usual read's size or more.
void peer_stream::read_input(size_t most) {
  if (ws_ && ws_->deflates()) {
    read_deflated();
    return;
  }
  if (std::max(kept_.wanted, kept_.size) > reactor::read_size / 2) {
    read_large();
    return;
  }
  auto& buffer = home_.read_buffer(most > reactor::read_size);
  size_t size = kept_.size;
  if (size > 0)
    std::memcpy(buffer->data(), kept_.data->data(), size);
  auto room = most - size;
  auto result = tls_ ? tls_->read(buffer->data() + size, room)
                     : read_socket(fd_, buffer->data() + size, room);
  if (result.what == io_result::status::ok) {
    filled_ = size + result.bytes >= reactor::read_size;
    if (ws_ && !unframe(buffer->data() + size, result.bytes))
      return;
    kept_ = {};
    auto hold = buffer; // slices of it may outlive this read
    consume(*hold.get(), size + result.bytes);
    if (ws_)
      heed_frames();
  } else {
    input_failed(result.what);
  }
}

/// The rest of a large message goes straight to where it will be sent from.
void peer_stream::read_large() {
  auto room = make_large_room();
  auto* at = kept_.data->data() + kept_.size;
  auto result = tls_ ? tls_->read(at, room) : read_socket(fd_, at, room);
  if (result.what != io_result::status::ok) {
    input_failed(result.what);
    return;
  }
  if (ws_ && !unframe(at, result.bytes))
    return;
  kept_.size += result.bytes;
  if (kept_.size >= kept_.wanted) {
    auto whole = std::exchange(kept_, {});
    consume(*whole.data.get(), whole.size);
  }
  if (ws_)
    heed_frames();
}

/// How much more of a large message may be put behind what is kept of it; never nothing.
size_t peer_stream::make_large_room() {
  size_t target = kept_.wanted > 0 ? kept_.wanted : kept_.size + reactor::read_size;
  if (kept_.size == kept_.data->capacity()) {
    auto more = std::min(target, std::max(kept_.size * 2, first_large_read));
    auto larger = block_ref::allocate(more);
    std::memcpy(larger->data(), kept_.data->data(), kept_.size);
    kept_.data = std::move(larger);
  }
  return std::min(kept_.data->capacity(), target) - kept_.size;
}

void peer_stream::input_failed(io_result::status what) {
  if (what == io_result::status::would_block)
    return;
  input_ended_ = true;
  // A peer may close its half and still wait for what it asked for.
  bool orderly = what == io_result::status::closed;
  close(close_reason::client_closed, !orderly);
}

void peer_stream::keep(block& data, size_t from, size_t size, size_t wanted) {
  size_t left = size - from;
  // Never more than was sent is reserved for a message, however large it says it is.
  kept_.data =
      block_ref::allocate(std::max<size_t>(left, wanted > left ? std::min(wanted, left * 2) : 0));
  std::memcpy(kept_.data->data(), data.data() + from, left);
  kept_.size = left;
  kept_.wanted = wanted;
}

void peer_stream::end_batch() {
  flush_batch();
  if (phase_ == phase::closed)
    return;
  if (own_) {
    if (phase_ < phase::lingering)
      queue_own();
    if (phase_ == phase::closed)
      return;
    home_.loop.flush_later(token_);
  }
  // TLS may hold a record that epoll will never mention.
  if (tls_ && tls_->has_pending() && phase_ == phase::talking && paused_ == 0)
    home_.loop.flush_later(token_); // on_flush() reads on
}

// -- pauses
// ----------------------------------------------------------------------------------------

void peer_stream::pause(pause_reason why) {
  paused_ = static_cast<uint8_t>(paused_ | why);
  update_events();
}

void peer_stream::unpause(pause_reason why) {
  paused_ = static_cast<uint8_t>(paused_ & ~why);
  if (paused_ != 0 || phase_ != phase::talking)
    return;
  update_events();
  if (kept_.size > 0 && !parsing_ && (kept_.wanted == 0 || kept_.size >= kept_.wanted)) {
    auto waiting = std::exchange(kept_, {});
    consume(*waiting.data.get(), waiting.size);
  }
  if (ws_) {
    heed_frames();
    if (ws_->has_early())
      home_.loop.flush_later(token_); // on_flush() reads on
  }
  if (tls_ && paused_ == 0 && phase_ == phase::talking && tls_->has_pending())
    read_input();
}

void peer_stream::update_events() {
  if (phase_ == phase::closed)
    return;
  uint32_t events = 0;
  if (paused_ == 0 && !input_ended_)
    events |= EPOLLIN;
  if (blocked_)
    events |= EPOLLOUT;
  if (events != watched_events_) {
    watched_events_ = events;
    home_.loop.rewatch(token_, fd_, events);
  }
}

void peer_stream::stop_reading() {
  stall_timer_.stop();
  waiting_for_ = 0;
  paused_ = static_cast<uint8_t>(paused_ & ~pause_congestion);
}

} // namespace troupe::actors
