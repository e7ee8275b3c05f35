// actors/websocket_stream.hpp: what a peer's stream needs besides its socket when it speaks in
// websocket frames.
#pragma once

#include "actors/message_deflate.hpp"
#include "actors/outgoing.hpp"
#include "actors/tls_stream.hpp"
#include "protocol/close_reason.hpp"
#include "protocol/connect.hpp"
#include "protocol/websocket_frames.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::actors {

/// What cookies of the upgrade said, for what CONNECT leaves out. Secrets: they reach no log.
struct cookie_credentials {
  std::string jwt, user, password, token;
  void complete(protocol::connect_options& connect) const;
};

/// One upgraded connection. It is made where the upgrade was agreed on, travels with its socket,
/// and from then on belongs to the thread of the peer_stream that reads and writes it.
class websocket_stream {
public:
  /// Who the peer is, and whether frames are masked.
  struct terms {
    bool dialled = false;    ///< the peer is a server
    bool no_masking = false; ///< whoever dialled was granted not to mask
    bool deflates = false;   ///< messages may be compressed, both ways
  };

  /// `tls`: the session that the upgrade was agreed on in, or null. `early`: what came behind the
  /// peer's head.
  websocket_stream(terms how, std::unique_ptr<tls_stream> tls, std::string early);

  /// For the one who goes on with the socket.
  std::unique_ptr<tls_stream> take_tls() noexcept { return std::move(tls_); }
  /// Is there something that was read and not looked at?
  bool has_early() const noexcept { return !early_.empty() || has_rest(); }
  std::string take_early() noexcept { return std::exchange(early_, {}); }
  void keep_early(std::string_view frames) { early_ = frames; }

  bool deflates() const noexcept { return unread_ != nullptr; }
  /// The peer takes no compressed message that comes to more: nats-server's limit for one is its
  /// `max_payload`, whatever is in it.
  void limit_messages(size_t bytes) noexcept;
  /// Takes frames from the front of `left` bytes at `in` and writes what they mean to `out`, until
  /// the one is used up or the other full. Only where deflates(); else the reader reads.
  size_t unframe(char*& in, size_t& left, char* out, size_t room);

  protocol::websocket_reader reader;
  std::unique_ptr<const cookie_credentials> cookies; ///< null: there were none
  /// The address that a proxy says it came for, in brackets if it has colons: for the log, since
  /// nothing proves it. Empty: none.
  std::string forwarded_for;

  /// A sealed batch as one binary frame. Unmasked it shares the batch's bytes, masked it holds a
  /// copy of them.
  outgoing_ptr frame(const outgoing& batch, block_pool& pool);
  outgoing_ptr pong(block_pool& pool);
  /// The last frame: the answer to how the peer has ended, or what `reason` comes to.
  outgoing_ptr close_frame(protocol::close_reason reason, block_pool& pool);
  /// Nothing may follow it.
  bool has_closed() const noexcept { return closed_; }

private:
  outgoing_ptr control(protocol::websocket_opcode what, std::string_view payload, block_pool& pool);
  protocol::websocket_mask next_mask();

  /// Of what was unframed, that for which there was no room yet.
  struct unread {
    std::string text;
    bool deflated = false;
    bool ends = false;            ///< its message ends with it
    bool unfinished = false;      ///< what was taken of it may stand for more
    std::unique_ptr<inflater> by; ///< null: in the middle of no compressed message
  };

  bool has_rest() const noexcept {
    return unread_ && (!unread_->text.empty() || unread_->unfinished);
  }
  size_t take_rest(char* out, size_t room);
  outgoing_ptr deflated_frames(const outgoing& batch, size_t size, block_pool& pool);
  void append_deflated(std::string_view payload, outgoing& out);

  const bool masks_;
  std::unique_ptr<unread> unread_; // null: nothing is compressed
  size_t most_a_message_;          // that is compressed
  bool closed_ = false;
  size_t masks_used_;
  std::array<char, 256> randomness_; // for masks, which nobody may guess
  std::unique_ptr<tls_stream> tls_;
  std::string early_;
};

/// With which status a connection is closed (client-protocol.md section 18).
protocol::websocket_status websocket_status_of(protocol::close_reason reason) noexcept;

} // namespace troupe::actors
