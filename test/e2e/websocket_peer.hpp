// test/e2e/websocket_peer.hpp: one raw websocket client.
#pragma once
#include "peer_socket.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::e2e {

/// What came in one frame, or the end of the stream, which is one of opcode -1.
struct websocket_message {
  int opcode = -1;
  bool deflated = false; ///< as its first byte says
  std::string payload;
  /// Of a close frame: its status, and behind that its reason in `payload`.
  int status = 0;
};

class websocket_peer {
public:
  /// Connects and sends nothing. `tls`: whom it trusts; null for plain.
  explicit websocket_peer(uint16_t port, const tls_options* tls = nullptr);

  /// A proper request, with `more` header lines ("Origin: a\r\n"); the status line of the answer.
  std::string upgrade(const std::string& path = "/", const std::string& more = {});
  /// Any bytes; what HTTP answers to them: its status line, empty at the end of the stream.
  std::string ask(std::string_view bytes);
  /// The head of the last answer.
  const std::string& head() const noexcept { return head_; }

  /// By which the server's log names this end.
  uint16_t own_port() const { return socket_.own_port(); }

  void send_raw(std::string_view bytes) { socket_.send(bytes); }
  /// `first`: the frame's first byte, 0x82 for a whole binary message.
  void send(std::string_view payload, int first = 0x82, bool masked = true);
  /// The next frame of the server's.
  websocket_message next();
  /// Payloads until `words` are among them; everything that came.
  std::string until(std::string_view words);
  /// Frames until a close frame or the end.
  websocket_message end();

private:
  std::string_view need(size_t bytes);

  peer_socket socket_;
  std::string head_;
};

} // namespace troupe::e2e
