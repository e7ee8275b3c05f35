// test/e2e/free_port.cpp: holds ports by sockets that do not listen.
#include "free_port.hpp"

#include <cerrno>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace troupe::e2e {

uint16_t free_port() {
  // Never closed: a port that nobody holds is given to another test's server before ours has it.
  // Servers listen with SO_REUSEADDR, which lets them share a port with who has it, too.
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(), "no socket for a free port");
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0
      || ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "no free port");
  return ntohs(address.sin_port);
}

} // namespace troupe::e2e
