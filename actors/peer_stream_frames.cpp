// actors/peer_stream_frames.cpp: websocket frames between the socket and the parser.
#include "actors/log.hpp"
#include "actors/peer_stream.hpp"

#include <cstring>

namespace troupe::actors {

using protocol::close_reason;

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
