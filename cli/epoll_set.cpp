// cli/epoll_set.cpp: a thin cover over epoll.
#include "cli/epoll_set.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

namespace troupe::cli {
namespace {

constexpr uint32_t most_events = 512;

epoll_event interest(uint32_t tag, bool readable, bool writable) {
  epoll_event out{};
  out.events = (readable ? static_cast<uint32_t>(EPOLLIN) : 0u)
               | (writable ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  out.data.u32 = tag;
  return out;
}

} // namespace

epoll_set::epoll_set(uint32_t expected) : fd_{epoll_create1(EPOLL_CLOEXEC)} {
  ready_.reserve(std::clamp(expected, 1u, most_events));
}

epoll_set::~epoll_set() {
  close(fd_);
}

bool epoll_set::add(int fd, uint32_t tag, bool readable, bool writable) {
  auto what = interest(tag, readable, writable);
  return epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &what) == 0;
}

bool epoll_set::change(int fd, uint32_t tag, bool readable, bool writable) {
  auto what = interest(tag, readable, writable);
  return epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &what) == 0;
}

void epoll_set::remove(int fd) {
  epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const epoll_set::ready> epoll_set::wait(int timeout_ms) {
  epoll_event events[most_events];
  int count = epoll_wait(fd_, events, static_cast<int>(ready_.capacity()), timeout_ms);
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    bool broken = (events[i].events & static_cast<uint32_t>(EPOLLERR | EPOLLHUP)) != 0;
    ready_.push_back({events[i].data.u32,
                      broken || (events[i].events & static_cast<uint32_t>(EPOLLIN)) != 0,
                      broken || (events[i].events & static_cast<uint32_t>(EPOLLOUT)) != 0});
  }
  return ready_;
}

} // namespace troupe::cli
