// bench/relay.cpp: a bare relay, the limit of this machine: bytes from one socket to another.
//
// Listens on a free port of 127.0.0.1 and prints it. The first connection is the subscriber, the
// second the publisher, whose bytes go to the subscriber in blocks, unread; then it waits for the
// next two. `troupe bench --bare-relay --sub 1 --server nats://127.0.0.1:PORT` talks to it.
// `relay 2` is two of them in a row, one thread each: the limit of two brokers that are linked.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr size_t block_size = 64 * 1024;

int listen_on_free_port(uint16_t& port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  auto* plain = reinterpret_cast<sockaddr*>(&where);
  if (fd < 0 || bind(fd, plain, size) != 0 || listen(fd, 16) != 0
      || getsockname(fd, plain, &size) != 0)
    return -1;
  port = ntohs(where.sin_port);
  return fd;
}

int accept_one(int listener) {
  int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool write_all(int fd, const char* from, size_t size) {
  while (size > 0) {
    auto sent = send(fd, from, size, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    from += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

void relay(int from, int to) {
  std::vector<char> block(block_size);
  for (;;) {
    auto got = read(from, block.data(), block.size());
    if (got <= 0 || !write_all(to, block.data(), static_cast<size_t>(got)))
      return;
  }
}

/// A connection with itself; false if there is none.
bool connect_ends(int& writing, int& reading) {
  uint16_t port = 0;
  int listener = listen_on_free_port(port);
  writing = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  bool done = listener >= 0 && writing >= 0
              && connect(writing, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
  reading = done ? accept_one(listener) : -1;
  close(listener);
  return reading >= 0;
}

/// Through `hops` relays, each a thread, until `from` ends.
void relay_through(int hops, int from, int to) {
  int writing = -1;
  int reading = -1;
  if (hops == 1) {
    relay(from, to);
  } else if (connect_ends(writing, reading)) {
    std::thread rest{[=] { relay_through(hops - 1, reading, to); }};
    relay(from, writing);
    shutdown(writing, SHUT_WR);
    rest.join();
    close(writing);
    close(reading);
  }
}

} // namespace

int main(int count, char** words) {
  int hops = count > 1 ? std::atoi(words[1]) : 1;
  if (count > 2 || hops < 1) {
    std::fprintf(stderr, "relay: expected nothing or how many in a row, from 1 on\n");
    return 2;
  }
  uint16_t port = 0;
  int listener = listen_on_free_port(port);
  if (listener < 0) {
    std::perror("relay: cannot listen");
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(port));
  std::fflush(stdout);
  for (;;) {
    int subscriber = accept_one(listener);
    int publisher = accept_one(listener);
    if (subscriber < 0 || publisher < 0)
      return 1;
    relay_through(hops, publisher, subscriber);
    close(publisher);
    close(subscriber);
  }
}
