// monitor/unix_stream.hpp: a connected or listening unix socket, blocking with a limit.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

namespace troupe::monitor {

/// Owns its descriptor. Reads and writes give up after five seconds without progress.
class unix_stream {
public:
  unix_stream() = default;
  explicit unix_stream(int fd) : fd_{fd} {}
  unix_stream(unix_stream&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  unix_stream& operator=(unix_stream&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unix_stream();

  /// Not open: `why` is the errno (ENAMETOOLONG for a path that does not fit).
  static unix_stream connect(const std::string& path, int& why);
  /// Reachable by this user alone (mode 0600). Not open: `why` is the errno.
  static unix_stream listen(const std::string& path, int& why);

  unix_stream accept() const;
  bool send(std::string_view text) const;
  /// Up to the peer's end of stream, at most `largest` bytes; false on a time-out or fault.
  bool receive_all(std::string& out, size_t largest) const;
  /// Up to a line end, which is cut off; false if none comes within `longest` bytes.
  bool receive_line(std::string& out, size_t longest) const;
  /// No more to be sent.
  void finish() const;
  /// Of the process at the other end; false if the kernel does not say.
  bool peer_user(uid_t& out) const;

  bool is_open() const noexcept { return fd_ >= 0; }
  int fd() const noexcept { return fd_; }

private:
  int fd_ = -1;
};

} // namespace troupe::monitor
