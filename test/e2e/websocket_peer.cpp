// test/e2e/websocket_peer.cpp: the upgrade and frames, as plainly as they can be written.
#include "websocket_peer.hpp"

#include "protocol/websocket_frames.hpp"

#include <array>

namespace troupe::e2e {

namespace {
constexpr std::chrono::seconds patience{20};
constexpr protocol::websocket_mask mask{'\x0f', '\x1e', '\x2d', '\x3c'};
} // namespace

websocket_peer::websocket_peer(uint16_t port, const tls_options* tls) : socket_{port, patience} {
  if (tls)
    if (auto problem = socket_.start_tls(*tls); !problem.empty())
      throw case_failure("TLS: " + problem);
}

std::string websocket_peer::upgrade(const std::string& path, const std::string& more) {
  return ask("GET " + path
             + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
             + more + "\r\n");
}

std::string websocket_peer::ask(std::string_view bytes) {
  socket_.send(bytes);
  auto size = socket_.unread().npos;
  while ((size = socket_.unread().find("\r\n\r\n")) == socket_.unread().npos)
    if (!socket_.read_more())
      return {};
  head_ = socket_.unread().substr(0, size);
  socket_.consume(size + 4);
  return head_.substr(0, head_.find('\r'));
}

void websocket_peer::send(std::string_view payload, int first, bool masked) {
  std::array<char, protocol::longest_websocket_header> header;
  auto length = write_websocket_header(header.data(), protocol::websocket_opcode::binary,
                                       payload.size(), masked ? &mask : nullptr);
  header[0] = static_cast<char>(first);
  std::string body{payload};
  if (masked)
    protocol::apply_websocket_mask(body.data(), body.size(), mask, 0);
  socket_.send(std::string{header.data(), length} + body);
}

std::string_view websocket_peer::need(size_t bytes) {
  while (socket_.unread().size() < bytes)
    if (!socket_.read_more())
      return {};
  return socket_.unread();
}

websocket_message websocket_peer::next() {
  websocket_message out;
  auto in = need(2);
  if (in.empty())
    return out;
  auto byte = [&](size_t i) { return static_cast<unsigned char>(in[i]); };
  int first = byte(0);
  size_t size = byte(1);
  size_t begin = 2;
  if (size > 127)
    throw case_failure("the server masks");
  if (size > 125) {
    size_t digits = size == 126 ? 2 : 8;
    if ((in = need(2 + digits)).empty())
      return out;
    for (size = 0; begin < 2 + digits; ++begin)
      size = size * 256 + byte(begin);
  }
  if ((in = need(begin + size)).empty())
    return out;
  out.opcode = first & 0x0f;
  out.deflated = (first & 0x40) != 0;
  out.payload = in.substr(begin, size);
  socket_.consume(begin + size);
  if (out.opcode == 8 && size >= 2) {
    out.status = static_cast<unsigned char>(out.payload[0]) * 256
                 + static_cast<unsigned char>(out.payload[1]);
    out.payload.erase(0, 2);
  }
  return out;
}

std::string websocket_peer::until(std::string_view words) {
  std::string all;
  while (all.find(words) == all.npos) {
    auto one = next();
    if (one.opcode == -1 || one.opcode == 8)
      throw case_failure("the server closed before it said " + std::string{words} + ", behind "
                         + all);
    if (one.opcode <= 2)
      all += one.payload;
  }
  return all;
}

websocket_message websocket_peer::end() {
  for (;;)
    if (auto one = next(); one.opcode == -1 || one.opcode == 8)
      return one;
}

} // namespace troupe::e2e
