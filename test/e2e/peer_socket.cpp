// test/e2e/peer_socket.cpp: one raw client connection on which every wait has a deadline.
#include "peer_socket.hpp"

#include "escapes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::e2e {
namespace {
sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool connected(int fd, uint16_t port) {
  auto address = loopback(port);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string tls_error() {
  std::array<char, 256> text{};
  auto code = ERR_get_error();
  if (code == 0)
    return "connection closed during the handshake";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}
} // namespace

peer_socket::peer_socket(uint16_t port, std::chrono::milliseconds patience)
    : port_{port}, patience_{patience}, ssl_{nullptr, SSL_free} {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0 || !connected(fd_, port))
    throw case_failure("cannot connect to port " + std::to_string(port));
  prepare();
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
  own_port_ = ntohs(own.sin_port);
}

peer_socket::peer_socket(int accepted, uint16_t port, std::chrono::milliseconds patience)
    : fd_{accepted}, port_{port}, patience_{patience}, ssl_{nullptr, SSL_free} {
  prepare();
}

void peer_socket::prepare() const {
  int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

peer_socket::~peer_socket() {
  close();
}

bool peer_socket::can_connect(uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool yes = connected(fd, port);
  ::close(fd);
  return yes;
}

bool peer_socket::wait(short events, clock::time_point until) const {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
  pollfd waited{fd_, events, 0};
  return left.count() > 0 && ::poll(&waited, 1, static_cast<int>(left.count())) > 0;
}

std::string peer_socket::start_tls(const tls_options& options) {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()),
                                                       SSL_CTX_free};
  SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (options.at_most_1_2)
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  if (!options.certificate.empty()) {
    SSL_CTX_use_certificate_file(context.get(), options.certificate.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM);
  }
  ssl_.reset(SSL_new(context.get()));
  SSL_set_fd(ssl_.get(), fd_);
  auto until = clock::now() + patience_;
  for (;;) {
    ERR_clear_error();
    auto result = SSL_connect(ssl_.get());
    if (result == 1)
      return {};
    auto why = SSL_get_error(ssl_.get(), result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
      return tls_error();
    if (!wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until))
      return "the handshake was not done at the deadline";
  }
}

void peer_socket::send(std::string_view bytes) {
  auto until = clock::now() + patience_;
  while (!bytes.empty()) {
    ssize_t sent = 0;
    if (ssl_) {
      ERR_clear_error();
      size_t written = 0;
      auto result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
      sent = result == 1 ? static_cast<ssize_t>(written) : -1;
      if (result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_WRITE)
        return;
    } else {
      sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN)
        return;
    }
    if (sent > 0)
      bytes.remove_prefix(static_cast<size_t>(sent));
    else if (!wait(POLLOUT, until))
      throw case_failure("the server does not read what is sent to it");
  }
}

void peer_socket::half_close() {
  if (ssl_)
    SSL_shutdown(ssl_.get());
  ::shutdown(fd_, SHUT_WR);
}

void peer_socket::close() {
  ssl_.reset();
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

void peer_socket::wait_until_read() const {
  std::array<char, 64> ends{}; // as /proc/net/tcp writes the server's end of this connection
  auto host = htonl(INADDR_LOOPBACK);
  std::snprintf(ends.data(), ends.size(), "%08X:%04X %08X:%04X", host, port_, host, own_port_);
  for (auto until = clock::now() + patience_; clock::now() < until; ::sched_yield()) {
    std::ifstream table{"/proc/net/tcp"};
    std::string line;
    while (std::getline(table, line) && line.find(ends.data()) == line.npos) {
    }
    auto queues = line.find(ends.data()) + std::strlen(ends.data()) + 4; // " st tx:rx "
    if (!table || line.compare(queues + 9, 8, "00000000") == 0)
      return; // no such connection any more, or nothing left to read
  }
  throw case_failure("the server does not read what is sent to it");
}

bool peer_socket::read_more(clock::time_point until, size_t most) {
  std::array<char, 65536> block;
  most = std::min(most, block.size());
  for (;;) {
    ssize_t got = 0;
    if (ssl_) {
      ERR_clear_error();
      auto result = SSL_read(ssl_.get(), block.data(), static_cast<int>(most));
      auto why = SSL_get_error(ssl_.get(), result);
      bool again = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
      got = result > 0 ? result : (again ? -1 : 0);
    } else {
      got = ::recv(fd_, block.data(), most, 0);
      if (got < 0 && errno != EAGAIN)
        got = 0; // a reset ends the stream as well
    }
    if (got == 0)
      return false;
    if (got > 0) {
      unread_.append(block.data(), static_cast<size_t>(got));
      return true;
    }
    if (!wait(POLLIN, until))
      throw case_failure("deadline passed; unread so far: \"" + printable(unread_) + "\"");
  }
}
} // namespace troupe::e2e
