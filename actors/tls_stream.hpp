// actors/tls_stream.hpp: one TLS connection over a non-blocking socket.
#pragma once

#include "security/tls_context.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <sys/uio.h>

namespace troupe::actors {

/// What became of a read or write. `bytes` counts only for `ok`.
struct io_result {
  enum class status : uint8_t { ok, would_block, closed, failed };
  status what = status::ok;
  size_t bytes = 0;
};

/// Plain sockets: the same two calls without TLS.
io_result read_socket(int fd, char* into, size_t size) noexcept;
io_result write_socket(int fd, std::span<const iovec> pieces) noexcept;
/// Bytes that were written to a TCP socket and that its peer's system has not acknowledged.
uint64_t untaken_bytes(int fd) noexcept;

/// Buffers are given back while nothing is under way (SSL_MODE_RELEASE_BUFFERS), so that an idle
/// connection keeps only OpenSSL's state.
class tls_stream {
public:
  /// `session` in accept or connect state, as tls_context makes it.
  tls_stream(security::tls_session session, int fd);

  enum class handshake : uint8_t { done, want_read, want_write, failed };
  handshake shake_hands();
  /// Why the last call failed, in OpenSSL's words; no secrets in it.
  const std::string& problem() const noexcept { return problem_; }

  io_result read(char* into, size_t size);
  /// Small pieces are put together, so that a batch becomes few records.
  io_result write(std::span<const iovec> pieces);
  /// OpenSSL holds bytes that epoll knows nothing of.
  bool has_pending() const noexcept { return SSL_has_pending(ssl_.get()) != 0; }
  void send_close_notify() noexcept;
  SSL* native() const noexcept { return ssl_.get(); }

private:
  io_result result_of(int code);
  void note_problem();

  security::tls_session ssl_;
  std::string problem_;
};

} // namespace troupe::actors
