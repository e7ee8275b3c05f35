// federation/name_lookup.cpp: c-ares, driven by an event loop.
#include "federation/name_lookup.hpp"

#include <ares.h>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_map>

namespace troupe::federation {

using actors::event_loop;
using actors::io_token;

namespace {

constexpr int longest_try_ms = 2000;
constexpr int tries = 2;

/// c-ares wants to be initialized once, before any thread uses it.
int library_state() {
  static const int state = ::ares_library_init(ARES_LIB_INIT_ALL);
  return state;
}

peer_address address_of(const ares_addrinfo_node& node) {
  peer_address out;
  auto size = std::min<size_t>(node.ai_addrlen, sizeof out.raw);
  std::copy_n(reinterpret_cast<const char*>(node.ai_addr), size, reinterpret_cast<char*>(&out.raw));
  out.length = static_cast<socklen_t>(size);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      node.ai_family == AF_INET6
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(out.raw).sin6_addr)
          : &reinterpret_cast<const sockaddr_in&>(out.raw).sin_addr;
  if (::inet_ntop(node.ai_family, bytes, text.data(), text.size()))
    out.ip = text.data();
  return out;
}

} // namespace

/// One question: its sockets, its timer. Dies with the answer.
class name_lookup::channel final : public actors::timer_owner {
public:
  channel(event_loop& loop, answered tell) : loop_{loop}, tell_{std::move(tell)}, timer_{*this} {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() {
    silent_ = true;
    if (native_)
      ::ares_destroy(native_); // gives up the question and closes the sockets
  }

  void ask(const std::string& host, uint16_t port) {
    ares_options options{};
    options.timeout = longest_try_ms;
    options.tries = tries;
    options.sock_state_cb = &channel::socket_changed;
    options.sock_state_cb_data = this;
    if (library_state() != ARES_SUCCESS
        || ::ares_init_options(&native_, &options,
                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)
               != ARES_SUCCESS) {
      native_ = nullptr;
      answer({}, "the resolver could not be started");
      return;
    }
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NUMERICSERV;
    ::ares_getaddrinfo(native_, host.c_str(), std::to_string(port).c_str(), &hints, &channel::found,
                       this);
    plan();
  }

  void on_timer(actors::timer&) override {
    if (ready_) {
      hand_over();
      return;
    }
    ::ares_process_fd(native_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    plan();
  }

private:
  /// c-ares' sockets are told apart by their handlers: the loop does not say which one is ready.
  struct watched final : actors::io_handler {
    watched(channel& owner, int socket) : whose{owner}, fd{socket} {}
    void on_io(uint32_t events) override {
      bool in = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
      bool out = (events & EPOLLOUT) != 0;
      auto& owner = whose; // this handler may be gone behind the call
      ::ares_process_fd(owner.native_, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
      owner.plan();
    }
    void on_flush() override {}
    void on_fault(const char*) noexcept override {}
    channel& whose;
    int fd;
    io_token token;
  };

  static void socket_changed(void* self, ares_socket_t fd, int readable, int writable) {
    auto& my = *static_cast<channel*>(self);
    uint32_t events = (readable ? uint32_t{EPOLLIN} : 0u) | (writable ? uint32_t{EPOLLOUT} : 0u);
    auto it = my.sockets_.find(fd);
    if (it == my.sockets_.end()) {
      if (events == 0)
        return;
      auto added = std::make_unique<watched>(my, fd);
      added->token = my.loop_.watch(fd, events, *added);
      my.sockets_.emplace(fd, std::move(added));
    } else if (events != 0) {
      my.loop_.rewatch(it->second->token, fd, events);
    } else {
      my.loop_.unwatch(it->second->token, fd);
      my.ended_.push_back(std::move(it->second)); // it may be the one that is being called
      my.sockets_.erase(it);
    }
  }

  static void found(void* self, int status, int, ares_addrinfo* list) {
    std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owned{list,
                                                                         &::ares_freeaddrinfo};
    auto& my = *static_cast<channel*>(self);
    if (my.silent_)
      return;
    std::vector<peer_address> out;
    if (status == ARES_SUCCESS && list)
      for (const auto* node = list->nodes; node; node = node->ai_next)
        if (node->ai_family == AF_INET || node->ai_family == AF_INET6)
          out.push_back(address_of(*node));
    std::string problem;
    if (out.empty())
      problem = status == ARES_SUCCESS ? "the name has no address" : ::ares_strerror(status);
    my.answer(std::move(out), std::move(problem));
  }

  /// c-ares must not be destroyed from its own call: the answer is handed over with the next tick.
  void answer(std::vector<peer_address> found, std::string problem) {
    found_ = std::move(found);
    problem_ = std::move(problem);
    ready_ = true;
    loop_.timers().start(timer_, std::chrono::milliseconds{0});
  }

  void hand_over() {
    auto tell = std::move(tell_);
    tell(std::move(found_), std::move(problem_)); // may end this channel
  }

  void plan() {
    ended_.clear();
    if (ready_ || !native_)
      return;
    timeval longest{1, 0};
    timeval left{};
    auto* next = ::ares_timeout(native_, &longest, &left);
    loop_.timers().start(timer_, std::chrono::seconds{next->tv_sec}
                                     + std::chrono::microseconds{next->tv_usec});
  }

  event_loop& loop_;
  answered tell_;
  actors::timer timer_;
  ares_channel native_ = nullptr;
  bool ready_ = false;
  bool silent_ = false;
  std::vector<peer_address> found_;
  std::string problem_;
  std::unordered_map<int, std::unique_ptr<watched>> sockets_;
  std::vector<std::unique_ptr<watched>> ended_;
};

name_lookup::name_lookup(event_loop& loop) : loop_{loop} {}

name_lookup::~name_lookup() = default;

void name_lookup::ask(const std::string& host, uint16_t port, answered tell) {
  channel_ = std::make_unique<channel>(loop_, std::move(tell));
  channel_->ask(host, port);
}

void name_lookup::cancel() noexcept {
  channel_.reset();
}

} // namespace troupe::federation
