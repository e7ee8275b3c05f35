// test/stress/hub.cpp: the loop that all clients of a scenario share.
#include "hub.hpp"

#include "client.hpp"

#include <array>
#include <stdexcept>

#include <sys/epoll.h>
#include <unistd.h>

namespace troupe::stress {
namespace {

uint64_t ticket(int fd, uint32_t number) {
  return static_cast<uint64_t>(number) << 32 | static_cast<uint32_t>(fd);
}

} // namespace

hub::hub(std::chrono::seconds patience)
    : patience_{patience}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0)
    throw std::runtime_error("no epoll");
}

hub::~hub() {
  ::close(epoll_);
}

void hub::add(client& who) {
  auto at = static_cast<size_t>(who.fd_);
  if (at >= owners_.size())
    owners_.resize(at + 1);
  owners_[at].who = &who;
  ++owners_[at].number;
  epoll_event wish{};
  wish.events = EPOLLIN;
  wish.data.u64 = ticket(who.fd_, owners_[at].number);
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, who.fd_, &wish);
}

void hub::change(client& who, uint32_t events) {
  epoll_event wish{};
  wish.events = events;
  wish.data.u64 = ticket(who.fd_, owners_[static_cast<size_t>(who.fd_)].number);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, who.fd_, &wish);
}

void hub::remove(client& who) {
  owners_[static_cast<size_t>(who.fd_)].who = nullptr;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, who.fd_, nullptr);
}

bool hub::turn(std::chrono::milliseconds longest) {
  std::array<epoll_event, 512> events;
  auto count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                            static_cast<int>(longest.count()));
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<size_t>(i)];
    auto named = owners_[event.data.u64 & 0xffffffff];
    if (named.who && named.number == event.data.u64 >> 32)
      named.who->ready(event.events);
  }
  return count > 0;
}

bool hub::run(const std::function<bool()>& done, const std::function<void()>& each_turn) {
  using clock = std::chrono::steady_clock;
  auto give_up = clock::now() + patience_;
  while (!done()) {
    if (each_turn)
      each_turn();
    if (turn(std::chrono::milliseconds{100}))
      give_up = clock::now() + patience_;
    else if (clock::now() > give_up)
      return false;
  }
  return true;
}

} // namespace troupe::stress
