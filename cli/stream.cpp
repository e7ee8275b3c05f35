// cli/stream.cpp: sockets and OpenSSL behind one read and one write.
#include "cli/stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace troupe::cli {
namespace {

constexpr std::chrono::milliseconds longest_nap{60'000};

std::string tls_error_text(SSL* tls) {
  if (auto code = SSL_get_verify_result(tls); code != X509_V_OK)
    return fmt::format("the server's certificate is not trusted: {}",
                       X509_verify_cert_error_string(code));
  auto code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the TLS connection broke" : fmt::format("TLS: {}", reason);
}

/// Binds to 127.0.0.N so that one target port can have more than 28 000 connections.
void bind_source(int fd, uint32_t host_number) {
  int on = 1;
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(0x7f000000u + host_number);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  // A refused bind only means that the system chooses the source address.
  (void)!bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source);
}

} // namespace

outcome resolve(const server_address& where, std::vector<socket_address>& out) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int code = getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (code != 0)
    return problem{fmt::format("cannot find the host \"{}\": {}", where.host, gai_strerror(code)),
                   "check the spelling and the DNS"};
  for (auto* at = found; at != nullptr; at = at->ai_next) {
    socket_address one;
    if (at->ai_addrlen > sizeof one.bytes)
      continue;
    std::memcpy(one.bytes, at->ai_addr, at->ai_addrlen);
    one.size = at->ai_addrlen;
    one.family = at->ai_family;
    out.push_back(one);
  }
  freeaddrinfo(found);
  return std::nullopt;
}

stream::stream(stream&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, tls_{std::exchange(other.tls_, nullptr)},
      refused_{other.refused_}, last_error_{std::move(other.last_error_)} {}

stream& stream::operator=(stream&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(tls_, other.tls_);
  std::swap(refused_, other.refused_);
  std::swap(last_error_, other.last_error_);
  return *this;
}

void stream::note_errno(int code) {
  refused_ = code == ECONNREFUSED;
  last_error_ = std::strerror(code);
}

bool stream::begin_connect(const socket_address& target, uint32_t source_host_number) {
  close();
  fd_ = socket(target.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    note_errno(errno);
    return false;
  }
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source_host_number != 0 && target.family == AF_INET)
    bind_source(fd_, source_host_number);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(target.bytes), target.size) == 0
      || errno == EINPROGRESS)
    return true;
  note_errno(errno);
  close();
  return false;
}

bool stream::finish_connect() {
  int code = 0;
  socklen_t size = sizeof code;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    code = errno;
  if (code == 0)
    return true;
  note_errno(code);
  close();
  return false;
}

bool stream::start_tls(ssl_ctx_st* context, const std::string& host, bool verify) {
  tls_ = SSL_new(context);
  if (tls_ == nullptr || SSL_set_fd(tls_, fd_) != 1) {
    last_error_ = "OpenSSL cannot make a session";
    return false;
  }
  in6_addr ignored;
  bool is_ip = inet_pton(AF_INET, host.c_str(), &ignored) == 1
               || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  if (!is_ip)
    SSL_set_tlsext_host_name(tls_, host.c_str());
  if (verify && is_ip)
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), host.c_str());
  else if (verify)
    SSL_set1_host(tls_, host.c_str());
  SSL_set_connect_state(tls_);
  return true;
}

io_state stream::shake_hands() {
  ERR_clear_error();
  int code = SSL_do_handshake(tls_);
  return code == 1 ? io_state::done : tls_result(code).state;
}

io_result stream::tls_result(int code) {
  switch (SSL_get_error(tls_, code)) {
  case SSL_ERROR_WANT_READ: return {0, io_state::want_read};
  case SSL_ERROR_WANT_WRITE: return {0, io_state::want_write};
  case SSL_ERROR_ZERO_RETURN: return {0, io_state::closed};
  default: last_error_ = tls_error_text(tls_); return {0, io_state::failed};
  }
}

io_result stream::read_some(char* to, size_t size) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    auto limit = std::min<size_t>(size, std::numeric_limits<int>::max());
    int code = SSL_read(tls_, to, static_cast<int>(limit));
    return code > 0 ? io_result{static_cast<size_t>(code), io_state::done} : tls_result(code);
  }
  for (;;) {
    auto got = ::read(fd_, to, size);
    if (got > 0)
      return {static_cast<size_t>(got), io_state::done};
    if (got == 0)
      return {0, io_state::closed};
    if (errno == EAGAIN)
      return {0, io_state::want_read};
    if (errno != EINTR) {
      note_errno(errno);
      return {0, io_state::failed};
    }
  }
}

io_result stream::write_some(const char* from, size_t size) {
  if (tls_ != nullptr) {
    ERR_clear_error();
    auto limit = std::min<size_t>(size, std::numeric_limits<int>::max());
    int code = SSL_write(tls_, from, static_cast<int>(limit));
    if (code > 0)
      return {static_cast<size_t>(code), io_state::done};
    auto result = tls_result(code);
    if (result.state == io_state::failed)
      hear_alert();
    return result;
  }
  for (;;) {
    auto sent = ::send(fd_, from, size, MSG_NOSIGNAL);
    if (sent > 0)
      return {static_cast<size_t>(sent), io_state::done};
    if (errno == EAGAIN)
      return {0, io_state::want_write};
    if (errno != EINTR) {
      note_errno(errno);
      return {0, io_state::failed};
    }
  }
}

/// A server may have said why before it closed; then that counts, not the failed write.
void stream::hear_alert() {
  std::array<char, 1024> rest;
  ERR_clear_error();
  while (SSL_read(tls_, rest.data(), rest.size()) > 0)
    ERR_clear_error();
  if (ERR_GET_REASON(ERR_peek_last_error()) > SSL_AD_REASON_OFFSET)
    last_error_ = tls_error_text(tls_);
}

bool stream::wait(io_state want, steady_time deadline, int stop_fd) const {
  auto events = static_cast<short>(want == io_state::want_write ? POLLOUT : POLLIN);
  for (;;) {
    pollfd watched[2] = {{fd_, events, 0}, {stop_fd, POLLIN, 0}};
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    auto nap = std::clamp(left, std::chrono::milliseconds{0}, longest_nap);
    int ready = poll(watched, stop_fd < 0 ? 1 : 2, static_cast<int>(nap.count()));
    if (ready > 0)
      return watched[0].revents != 0 && watched[1].revents == 0;
    if (ready == 0 && left <= longest_nap)
      return false;
    if (ready < 0 && errno != EINTR)
      return false;
  }
}

void stream::make_blocking(std::chrono::milliseconds read_limit) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) & ~O_NONBLOCK);
  timeval limit{read_limit.count() / 1000, read_limit.count() % 1000 * 1000};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

void stream::close() {
  if (tls_ != nullptr) {
    if (SSL_is_init_finished(tls_))
      SSL_shutdown(tls_); // says goodbye; we do not wait for the answer
    SSL_free(tls_);
  }
  tls_ = nullptr;
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

} // namespace troupe::cli
