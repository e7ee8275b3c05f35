// monitor/listening_socket.cpp: resolves, binds, listens.
#include "monitor/listening_socket.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>

namespace troupe::monitor {
namespace {

uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char text[NI_MAXSERV] = "0";
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(fd, generic, &size) == 0)
    ::getnameinfo(generic, size, nullptr, 0, text, sizeof text, NI_NUMERICSERV);
  return static_cast<uint16_t>(std::strtoul(text, nullptr, 10));
}

/// -1 and errno if that address cannot be listened on.
int listen_on(const addrinfo& where) {
  int fd = ::socket(where.ai_family, where.ai_socktype | SOCK_CLOEXEC, where.ai_protocol);
  if (fd < 0)
    return -1;
  int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd, where.ai_addr, where.ai_addrlen) == 0 && ::listen(fd, SOMAXCONN) == 0)
    return fd;
  int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

} // namespace

std::string listening_socket::open(const std::string& host, int port) {
  close();
  auto shown = host.find(':') == host.npos ? fmt::format("{}:{}", host, port)
                                           : fmt::format("[{}]:{}", host, port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  auto service = std::to_string(port < 0 ? 0 : port);
  auto code = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &list);
  if (code != 0)
    return fmt::format("can't listen on {}: {}", shown, ::gai_strerror(code));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{list, ::freeaddrinfo};
  for (auto* each = list; each != nullptr && fd_ < 0; each = each->ai_next)
    fd_ = listen_on(*each);
  if (fd_ < 0)
    return fmt::format("can't listen on {}: {}", shown, std::strerror(errno));
  port_ = bound_port(fd_);
  return {};
}

void listening_socket::close() noexcept {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

int listening_socket::duplicate() const noexcept {
  return ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
}

} // namespace troupe::monitor
