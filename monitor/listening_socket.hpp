// monitor/listening_socket.hpp: a TCP port that accepts.
#pragma once

#include <cstdint>
#include <string>

namespace troupe::monitor {

/// Closes its descriptor when it goes.
class listening_socket {
public:
  listening_socket() = default;
  listening_socket(const listening_socket&) = delete;
  listening_socket& operator=(const listening_socket&) = delete;
  ~listening_socket() { close(); }

  /// Port -1: any free one. Empty: it listens; otherwise the address and the reason.
  std::string open(const std::string& host, int port);
  void close() noexcept;

  /// The caller's own copy; -1 if there is none to be had.
  int duplicate() const noexcept;
  uint16_t port() const noexcept { return port_; }

private:
  int fd_ = -1;
  uint16_t port_ = 0;
};

} // namespace troupe::monitor
