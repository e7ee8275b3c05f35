// actors/write_gate.cpp: the one system call behind the gate.
#include "actors/write_gate.hpp"

#include <sys/socket.h>

namespace troupe::actors {

void write_gate::open(int fd) noexcept {
  std::lock_guard guard{mutex_};
  fd_ = fd;
}

void write_gate::close() noexcept {
  std::lock_guard guard{mutex_};
  fd_ = -1;
}

void write_gate::rest_came() noexcept {
  std::lock_guard guard{mutex_};
  rest_is_coming_ = false;
}

size_t write_gate::write(std::span<const iovec> pieces) noexcept {
  if (fd_ < 0 || rest_is_coming_)
    return 0;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  auto n = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return n > 0 ? static_cast<size_t>(n) : 0;
}

} // namespace troupe::actors
