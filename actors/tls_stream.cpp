// actors/tls_stream.cpp: OpenSSL's return codes as plain results.
#include "actors/tls_stream.hpp"

#include <linux/sockios.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace troupe::actors {
namespace {

constexpr size_t record_size = 16 * 1024;

io_result from_errno() noexcept {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    return {io_result::status::would_block, 0};
  return {io_result::status::failed, 0};
}

} // namespace

io_result read_socket(int fd, char* into, size_t size) noexcept {
  auto n = ::recv(fd, into, size, 0);
  if (n > 0)
    return {io_result::status::ok, static_cast<size_t>(n)};
  if (n == 0)
    return {io_result::status::closed, 0};
  return from_errno();
}

io_result write_socket(int fd, std::span<const iovec> pieces) noexcept {
  msghdr msg{};
  msg.msg_iov = const_cast<iovec*>(pieces.data());
  msg.msg_iovlen = pieces.size();
  auto n = ::sendmsg(fd, &msg, MSG_NOSIGNAL);
  if (n >= 0)
    return {io_result::status::ok, static_cast<size_t>(n)};
  return from_errno();
}

uint64_t untaken_bytes(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? static_cast<uint64_t>(bytes) : 0;
}

tls_stream::tls_stream(security::tls_session session, int fd) : ssl_{std::move(session)} {
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1)
    throw std::runtime_error("OpenSSL has no memory for a connection");
}

void tls_stream::note_problem() {
  problem_.clear();
  std::array<char, 256> text{};
  if (auto code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text.data(), text.size());
    problem_ = text.data();
  } else {
    problem_ = errno != 0 ? std::strerror(errno) : "the peer closed the connection";
  }
  ERR_clear_error();
}

tls_stream::handshake tls_stream::shake_hands() {
  ERR_clear_error();
  errno = 0;
  int code = SSL_do_handshake(ssl_.get());
  if (code == 1)
    return handshake::done;
  switch (SSL_get_error(ssl_.get(), code)) {
  case SSL_ERROR_WANT_READ: return handshake::want_read;
  case SSL_ERROR_WANT_WRITE: return handshake::want_write;
  default: problem_ = security::describe_tls_failure(ssl_.get()); return handshake::failed;
  }
}

io_result tls_stream::result_of(int code) {
  switch (SSL_get_error(ssl_.get(), code)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE: return {io_result::status::would_block, 0};
  case SSL_ERROR_ZERO_RETURN: return {io_result::status::closed, 0};
  default: note_problem(); return {io_result::status::failed, 0};
  }
}

io_result tls_stream::read(char* into, size_t size) {
  size_t total = 0;
  while (total < size) {
    ERR_clear_error();
    size_t n = 0;
    int code = SSL_read_ex(ssl_.get(), into + total, size - total, &n);
    if (code != 1) {
      if (total > 0)
        break; // what stopped us will be there next time
      return result_of(code);
    }
    total += n;
  }
  return {io_result::status::ok, total};
}

io_result tls_stream::write(std::span<const iovec> pieces) {
  std::array<char, record_size> record;
  size_t total = 0;
  size_t index = 0;
  size_t offset = 0;
  while (index < pieces.size()) {
    const char* from = static_cast<const char*>(pieces[index].iov_base) + offset;
    size_t size = pieces[index].iov_len - offset;
    if (size < record_size && index + 1 < pieces.size()) {
      size_t filled = 0;
      size_t at = offset;
      for (size_t i = index; i < pieces.size() && filled < record_size; ++i, at = 0) {
        size_t n = std::min(record_size - filled, pieces[i].iov_len - at);
        std::memcpy(record.data() + filled, static_cast<const char*>(pieces[i].iov_base) + at, n);
        filled += n;
      }
      from = record.data();
      size = filled;
    }
    ERR_clear_error();
    size_t n = 0;
    int code = SSL_write_ex(ssl_.get(), from, std::min(size, record_size), &n);
    if (code != 1) {
      auto result = result_of(code);
      if (result.what == io_result::status::would_block)
        return total > 0 ? io_result{io_result::status::ok, total} : result;
      return result;
    }
    total += n;
    for (size_t left = n; left > 0 && index < pieces.size();) {
      size_t step = std::min(left, pieces[index].iov_len - offset);
      offset += step;
      left -= step;
      if (offset == pieces[index].iov_len) {
        ++index;
        offset = 0;
      }
    }
  }
  return {io_result::status::ok, total};
}

void tls_stream::send_close_notify() noexcept {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

} // namespace troupe::actors
