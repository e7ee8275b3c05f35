// actors/peer_stream_frames.cpp: websocket frames between the socket and the parser.
#include "actors/log.hpp"
#include "actors/peer_stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace troupe::actors {

using protocol::close_reason;

namespace {

constexpr size_t read_at_once = 16 * 1024;
/// Of 256 KiB each: then others have a turn, whom a few bytes should not cost more than many do.
constexpr int pieces_a_turn = 2;

} // namespace

/// What was read becomes what it means; false if that is nothing, and then all is done.
bool peer_stream::unframe(char* data, size_t& size) {
  size = ws_->reader.read(data, size);
  if (tls_ && tls_->has_pending()) // which epoll will never mention
    home_.loop.flush_later(token_);
  if (size > 0)
    return true;
  heed_frames();
  return false;
}

/// What came behind the answer to our upgrade.
void peer_stream::read_early() {
  if (ws_->deflates()) {
    read_deflated();
    return;
  }
  auto early = ws_->take_early();
  auto& buffer = home_.read_buffer();
  auto size = early.size();
  std::memcpy(buffer->data(), early.data(), size);
  if (!unframe(buffer->data(), size))
    return;
  auto hold = buffer; // slices of it may outlive this read
  consume(*hold.get(), size);
  heed_frames();
}

/// Where messages may be compressed a small read can mean any number of bytes. They are made and
/// parsed in pieces of a usual read; what there was no time for, or what may not be looked at
/// yet, waits as it came.
void peer_stream::read_deflated() {
  auto early = ws_->take_early();
  std::array<char, read_at_once> fresh;
  auto* in = early.data();
  auto left = early.size();
  if (!ws_->has_early() && left == 0) {
    auto result = tls_ ? tls_->read(fresh.data(), fresh.size())
                       : read_socket(fd_, fresh.data(), fresh.size());
    if (result.what != io_result::status::ok) {
      input_failed(result.what);
      return;
    }
    in = fresh.data();
    left = result.bytes;
  }
  int pieces = 0;
  while (phase_ == phase::talking && paused_ == 0 && pieces < pieces_a_turn
         && take_deflated(in, left))
    ++pieces;
  if (phase_ != phase::talking)
    return;
  ws_->keep_early({in, left});
  heed_frames();
  if (phase_ == phase::talking && paused_ == 0
      && (ws_->has_early() || (tls_ && tls_->has_pending())))
    home_.loop.flush_later(token_);
}

/// One piece of it; false: there was none.
bool peer_stream::take_deflated(char*& in, size_t& left) {
  if (std::max(kept_.wanted, kept_.size) > reactor::read_size / 2) {
    auto room = make_large_room();
    auto made = ws_->unframe(in, left, kept_.data->data() + kept_.size, room);
    kept_.size += made;
    if (made > 0 && kept_.size >= kept_.wanted) {
      auto whole = std::exchange(kept_, {});
      consume(*whole.data.get(), whole.size);
    }
    return made > 0;
  }
  auto& buffer = home_.read_buffer();
  auto size = kept_.size;
  if (size > 0)
    std::memcpy(buffer->data(), kept_.data->data(), size);
  auto made = ws_->unframe(in, left, buffer->data() + size, buffer->capacity() - size);
  if (made == 0)
    return false;
  kept_ = {};
  auto hold = buffer; // slices of it may outlive this read
  consume(*hold.get(), size + made);
  return true;
}

/// Pings are answered, and whoever has closed is closed, once all before that has been looked at.
void peer_stream::heed_frames() {
  if (phase_ != phase::talking || paused_ != 0)
    return;
  if (ws_->reader.owes_pong())
    queue_frame(ws_->pong(home_.pool));
  if (phase_ != phase::talking || !ws_->reader.ended())
    return;
  auto problem = ws_->reader.problem();
  if (!problem.empty())
    log::error("{} - Websocket protocol violation: {}", peer(), problem);
  close(problem.empty() ? close_reason::client_closed : close_reason::protocol_violation);
}

void peer_stream::queue_framed(const outgoing_ptr& batch) {
  auto bytes = static_cast<int64_t>(batch->bytes_so_far());
  if (bytes == 0)
    return;
  if (ws_->has_closed()) { // nothing may follow the last frame
    dest_->pending.fetch_sub(bytes, std::memory_order_relaxed);
    return;
  }
  auto framed = ws_->frame(*batch, home_.pool);
  auto more = static_cast<int64_t>(framed->bytes_so_far()) - bytes;
  dest_->pending.fetch_add(more, std::memory_order_relaxed);
  line_up(framed);
}

/// A frame that nobody has counted yet.
void peer_stream::queue_frame(const outgoing_ptr& frame) {
  auto bytes = static_cast<int64_t>(frame->bytes_so_far());
  auto pending = dest_->pending.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (phase_ == phase::talking && pending > dest_->max_pending) {
    dest_->pending.fetch_sub(bytes, std::memory_order_relaxed);
    close(close_reason::slow_consumer_pending_bytes, true);
    return;
  }
  line_up(frame);
}

} // namespace troupe::actors
