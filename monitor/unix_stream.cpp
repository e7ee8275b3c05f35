// monitor/unix_stream.cpp: thin blocking calls.
#include "monitor/unix_stream.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::monitor {
namespace {

constexpr int seconds_without_progress = 5;
constexpr int waiting_connections = 16;

bool fill(sockaddr_un& out, const std::string& path) {
  out.sun_family = AF_UNIX;
  if (path.size() >= sizeof out.sun_path)
    return false;
  std::memcpy(out.sun_path, path.c_str(), path.size() + 1);
  return true;
}

void limit_waiting(int fd) {
  timeval limit{seconds_without_progress, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

} // namespace

unix_stream::~unix_stream() {
  if (fd_ >= 0)
    ::close(fd_);
}

unix_stream unix_stream::connect(const std::string& path, int& why) {
  sockaddr_un address{};
  why = ENAMETOOLONG;
  if (!fill(address, path))
    return {};
  unix_stream out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  why = errno;
  if (!out.is_open())
    return {};
  limit_waiting(out.fd_);
  if (::connect(out.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return out;
  why = errno;
  return {};
}

unix_stream unix_stream::listen(const std::string& path, int& why) {
  sockaddr_un address{};
  why = ENAMETOOLONG;
  if (!fill(address, path))
    return {};
  unix_stream out{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  why = errno;
  if (!out.is_open())
    return {};
  if (::bind(out.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    why = errno;
    return {};
  }
  // Before listen() nobody can connect, so the mode is right in time.
  if (::chmod(path.c_str(), 0600) == 0 && ::listen(out.fd_, waiting_connections) == 0)
    return out;
  why = errno;
  ::unlink(path.c_str());
  return {};
}

unix_stream unix_stream::accept() const {
  unix_stream out{::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)};
  if (out.is_open())
    limit_waiting(out.fd_);
  return out;
}

bool unix_stream::send(std::string_view text) const {
  while (!text.empty()) {
    auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool unix_stream::receive_all(std::string& out, size_t largest) const {
  char part[16384];
  for (;;) {
    auto n = ::recv(fd_, part, sizeof part, 0);
    if (n == 0)
      return true;
    if (n < 0 || out.size() + static_cast<size_t>(n) > largest)
      return false;
    out.append(part, static_cast<size_t>(n));
  }
}

bool unix_stream::receive_line(std::string& out, size_t longest) const {
  char part[256];
  for (;;) {
    auto n = ::recv(fd_, part, sizeof part, 0);
    if (n <= 0)
      return false;
    out.append(part, static_cast<size_t>(n));
    if (auto end = out.find('\n'); end != out.npos) {
      out.resize(end > 0 && out[end - 1] == '\r' ? end - 1 : end);
      return true;
    }
    if (out.size() > longest)
      return false;
  }
}

void unix_stream::finish() const {
  ::shutdown(fd_, SHUT_WR);
}

bool unix_stream::peer_user(uid_t& out) const {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return false;
  out = who.uid;
  return true;
}

} // namespace troupe::monitor
