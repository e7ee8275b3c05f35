// actors/peer_stream_output.cpp: what goes to the peer, and who waits for it.
#include "actors/peer_stream.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace troupe::actors {
namespace {

constexpr size_t pieces_a_write = 128;
constexpr int64_t much_for_itself = 64 * 1024;
constexpr size_t bytes_a_flush = 4 * 1024 * 1024;
constexpr auto progress_check = std::chrono::milliseconds{50};
constexpr auto longest_wait_for_moving = std::chrono::milliseconds{100};
constexpr auto longest_wait_for_full = std::chrono::milliseconds{10};
/// A link carries the messages of many, who must not come to a stand for one slow reader's sake: at
/// a read of 64 KiB in this time it still brings 13 MB in a second.
constexpr auto longest_wait_of_links = std::chrono::milliseconds{5};

bool is_in_need(const destination& peer) noexcept {
  return peer.moving.load(std::memory_order_relaxed)
         && peer.pending.load(std::memory_order_relaxed) > peer.max_pending / 2;
}

} // namespace

outgoing& peer_stream::own() {
  if (!own_)
    own_ = protocol::make_ref<outgoing>(home_.pool, size_t{0});
  return *own_;
}

void peer_stream::say(std::string_view text) {
  own().append(text);
  if (!parsing_)
    home_.loop.flush_later(token_);
}

void peer_stream::say_error(std::string_view text) {
  auto& out = own();
  out.append("-ERR '");
  out.append(text);
  out.append("'\r\n");
  if (!parsing_)
    home_.loop.flush_later(token_);
}

void peer_stream::queue_own() {
  if (!own_)
    return;
  auto batch = std::exchange(own_, nullptr);
  batch->seal();
  auto bytes = static_cast<int64_t>(batch->bytes_so_far());
  auto pending = dest_->pending.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (phase_ == phase::talking && pending > dest_->max_pending) {
    dest_->pending.fetch_sub(bytes, std::memory_order_relaxed);
    close(protocol::close_reason::slow_consumer_pending_bytes, true);
    return;
  }
  take(batch);
  if (phase_ == phase::talking && bytes >= much_for_itself && pending > router::high_water)
    wait_for_itself();
}

/// Whatever comes is written in the order of these calls.
void peer_stream::queue(const outgoing_ptr& batch) {
  if (ws_) [[unlikely]]
    queue_framed(batch);
  else
    line_up(batch);
}

void peer_stream::line_up(const outgoing_ptr& batch) {
  queued_bytes_ += static_cast<int64_t>(batch->bytes_so_far());
  // A peer that does not keep up must not cost more than its pending bytes: a few small messages
  // would hold the whole read that they came with.
  if (batch->is_rest) {
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(queue_head_), batch);
    dest_->gate.rest_came();
  } else if (blocked_ && batch->is_wasteful()) {
    if (!backlog_ || queue_.empty() || queue_.back().get() != backlog_.get()) {
      backlog_ = protocol::make_ref<outgoing>(home_.pool, batch->bytes_so_far());
      queue_.push_back(backlog_);
    }
    backlog_->absorb(*batch);
  } else {
    queue_.push_back(batch);
  }
  if (!blocked_)
    home_.loop.flush_later(token_);
}

void peer_stream::on_flush() {
  if (own_ && !parsing_)
    queue_own();
  if (phase_ != phase::closed && phase_ != phase::handshaking && !blocked_)
    write_output();
  if (ws_ && ws_->has_early() && phase_ == phase::talking && paused_ == 0)
    read_early();
  // OpenSSL may hold a record that epoll will never mention.
  if (tls_ && phase_ == phase::talking && paused_ == 0 && tls_->has_pending())
    read_input();
}

void peer_stream::write_output() {
  size_t budget = bytes_a_flush;
  while (queue_head_ < queue_.size() && budget > 0) {
    std::array<iovec, pieces_a_write> vec;
    size_t count = 0;
    size_t total = 0;
    size_t piece_at = head_piece_;
    size_t offset = head_offset_;
    for (size_t q = queue_head_; q < queue_.size() && count < vec.size(); ++q) {
      const auto& pieces = queue_[q]->pieces;
      for (; piece_at < pieces.size() && count < vec.size(); ++piece_at) {
        const auto& p = pieces[piece_at];
        vec[count++] = {const_cast<char*>(p.data) + offset, p.size - offset};
        total += p.size - offset;
        offset = 0;
      }
      piece_at = 0;
    }
    if (count == 0) { // only empty batches
      queue_.clear();
      queue_head_ = head_piece_ = head_offset_ = 0;
      break;
    }
    std::span<const iovec> pieces{vec.data(), count};
    io_result result;
    if (tls_)
      result = tls_->write(pieces);
    else if (!dest_->gate.pass([&] { result = write_socket(fd_, pieces); }))
      return; // the rest that comes first will call us again
    if (result.what == io_result::status::failed || result.what == io_result::status::closed) {
      close(protocol::close_reason::write_error, true);
      return;
    }
    if (result.what == io_result::status::ok)
      wrote(result.bytes);
    if (result.what == io_result::status::would_block || result.bytes < total) {
      wait_for_room();
      return;
    }
    budget -= std::min(budget, total);
  }
  if (queue_head_ < queue_.size()) { // others have a turn first
    home_.loop.flush_later(token_);
    return;
  }
  if (phase_ == phase::lingering && !shut_) {
    shut_ = true;
    if (tls_)
      tls_->send_close_notify();
    ::shutdown(fd_, SHUT_WR);
    if (input_ended_)
      destroy();
  }
}

/// The socket takes no more. It may do so again and again before the timer looks.
void peer_stream::wait_for_room() {
  auto now = home_.loop.now();
  if (must_take_all() && patience_.is_behind(now, written_, write_deadline())) {
    close(protocol::close_reason::slow_consumer_write_deadline, true);
    return;
  }
  blocked_ = true;
  patience_.begin(now, written_, static_cast<uint64_t>(queued_bytes_));
  home_.loop.timers().start(write_timer_, progress_check);
  update_events();
}

void peer_stream::wrote(size_t bytes) {
  written_ += bytes;
  queued_bytes_ -= static_cast<int64_t>(bytes);
  dest_->pending.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
  dest_->moving.store(true, std::memory_order_relaxed);
  while (bytes > 0) {
    auto& pieces = queue_[queue_head_]->pieces;
    size_t left = pieces[head_piece_].size - head_offset_;
    if (bytes < left) {
      head_offset_ += bytes;
      break;
    }
    bytes -= left;
    head_offset_ = 0;
    pieces[head_piece_].owner = {};
    if (++head_piece_ == pieces.size()) {
      queue_[queue_head_].reset();
      ++queue_head_;
      head_piece_ = 0;
    }
  }
  while (queue_head_ < queue_.size() && queue_[queue_head_]->pieces.empty())
    ++queue_head_;
  if (queue_head_ == queue_.size()) {
    queue_.clear();
    backlog_.reset();
    if (queue_.capacity() > 64)
      queue_.shrink_to_fit();
    queue_head_ = 0;
  } else if (queue_head_ > 256) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_head_));
    queue_head_ = 0;
  }
  if (!waiters_.empty() && dest_->pending.load(std::memory_order_relaxed) < router::high_water / 2)
    release_waiters();
}

void peer_stream::await_drain(const caf::strong_actor_ptr& whom) {
  waiters_.push_back(whom);
  if (phase_ >= phase::lingering || !dest_->moving
      || dest_->pending.load(std::memory_order_relaxed) < router::high_water / 2)
    release_waiters();
}

void peer_stream::drained() {
  if (waiting_for_ > 0 && --waiting_for_ == 0)
    stop_waiting();
}

/// Publishers that waited for this peer may read again.
void peer_stream::release_waiters() {
  for (auto& whom : waiters_)
    caf::anon_send(caf::actor_cast<connection_actor>(whom), atom::drained_v);
  waiters_.clear();
}

/// Has the peer taken anything since the last look? The system lets us write on only when a good
/// part of its buffer is free, which may be megabytes: so it is asked what has been acknowledged.
void peer_stream::write_due() {
  if (!blocked_)
    return;
  auto now = home_.loop.now();
  auto found = patience_.look(now, written_ - untaken_bytes(fd_), write_deadline());
  if (must_take_all() && patience_.is_behind(now, written_, write_deadline()))
    found = write_patience::verdict::late;
  switch (found) {
  case write_patience::verdict::unknown: break;
  case write_patience::verdict::moving: dest_->moving.store(true, std::memory_order_relaxed); break;
  case write_patience::verdict::stuck:
    dest_->moving.store(false, std::memory_order_relaxed);
    release_waiters();
    break;
  case write_patience::verdict::late:
    close(protocol::close_reason::slow_consumer_write_deadline, true);
    return;
  }
  home_.loop.timers().start(write_timer_, progress_check);
}

/// Is `which` one of its own? Then it has been dealt with.
bool peer_stream::stream_timer(timer& which) {
  if (&which == &stall_timer_)
    stop_waiting();
  else if (&which == &write_timer_)
    write_due();
  else
    return false;
  return true;
}

/// Stops reading until the peers that this peer's messages went to have caught up, but never for
/// long: a peer that does not read at all must not hold up the others (client-protocol.md 15). A
/// link carries the messages of many; it waits, more shortly, only for who would be cut soon
/// although it reads: at the other end its own publisher would have waited for it.
void peer_stream::wait_for_congested() {
  const auto& congested = home_.routes.congested();
  if (congested.empty() || phase_ >= phase::lingering)
    return;
  auto self = me();
  bool moving = false;
  bool link = dest_->kind != protocol::peer_kind::client;
  for (const auto& to : congested) {
    if (to.get() == dest_.get())
      continue; // its own reading does not depend on its own writing
    if (link && !is_in_need(*to))
      continue;
    auto handle = caf::actor_cast<caf::strong_actor_ptr>(to->mailbox);
    if (!handle)
      continue;
    moving = moving || to->moving.load(std::memory_order_relaxed);
    ++waiting_for_;
    caf::anon_send(caf::actor_cast<connection_actor>(handle), atom::await_drain_v, self);
  }
  if (waiting_for_ == 0)
    return;
  if (stalls_++ == 0 && !link)
    home_.shared.sums.stalled_clients.fetch_add(1, std::memory_order_relaxed);
  home_.loop.timers().start(stall_timer_, link     ? longest_wait_of_links
                                          : moving ? longest_wait_for_moving
                                                   : longest_wait_for_full);
  pause(pause_congestion);
}

/// What it asks for goes to itself faster than it reads: it may go on when it has caught up.
void peer_stream::wait_for_itself() {
  ++waiting_for_;
  waiters_.push_back(me());
  bool moving = dest_->moving.load(std::memory_order_relaxed);
  home_.loop.timers().start(stall_timer_, moving ? longest_wait_for_moving : longest_wait_for_full);
  pause(pause_congestion);
}

void peer_stream::stop_waiting() {
  stall_timer_.stop();
  waiting_for_ = 0;
  if ((paused_ & pause_congestion) != 0)
    unpause(pause_congestion);
}

} // namespace troupe::actors
