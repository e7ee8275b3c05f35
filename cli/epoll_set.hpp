// cli/epoll_set.hpp: an epoll descriptor with a way to be told to stop.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

struct epoll_event;

namespace troupe::cli {

class epoll_set {
public:
  /// `expected` is how many events one wait() can give.
  explicit epoll_set(uint32_t expected);
  ~epoll_set();
  epoll_set(const epoll_set&) = delete;
  epoll_set& operator=(const epoll_set&) = delete;

  struct ready {
    uint32_t tag;
    bool readable;
    bool writable;
  };

  /// `tag` comes back from wait(). False if the kernel refuses.
  bool add(int fd, uint32_t tag, bool readable, bool writable);
  bool change(int fd, uint32_t tag, bool readable, bool writable);
  void remove(int fd);
  /// Errors and hang-ups make a descriptor readable and writable. -1: waits for ever.
  std::span<const ready> wait(int timeout_ms);

private:
  int fd_;
  std::vector<ready> ready_;
};

} // namespace troupe::cli
