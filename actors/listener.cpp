// actors/listener.cpp: bind, listen, accept.
#include "actors/listener.hpp"

#include "actors/log.hpp"
#include "actors/pinned.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace troupe::actors {
namespace {

constexpr int backlog = 4096;
constexpr int accepts_a_turn = 64;
constexpr auto pause_without_files = std::chrono::milliseconds{200};

accepted_ptr describe_peer(int fd, const sockaddr_storage& address) {
  auto out = std::make_shared<accepted_socket>();
  out->fd = fd;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    out->port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) // a dual-stack socket: show what the peer used
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    else
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    out->port = ntohs(v6.sin6_port);
  }
  out->ip = text.data();
  return out;
}

class listener final : public pinned<listener_actor::base>, public io_handler, public timer_owner {
public:
  /// `give` empty: to the reactor that has the fewest connections.
  listener(caf::actor_config& cfg, reactor& home, bound_socket_ptr socket, std::string what,
           hand_out give)
      : pinned<listener_actor::base>(cfg), home_{home}, socket_{std::move(socket)},
        what_{std::move(what)}, give_{std::move(give)}, rest_{*this} {}

  const char* name() const override { return "listener"; }

  behavior_type make_behavior() override {
    watch();
    return {
        [this](atom::shut_down) {
          unwatch();
          quit();
        },
        [this](atom::tree) {
          actor_snapshot mine;
          mine.path = fmt::format("broker/reactor/{}/{}", home_.index,
                                  give_ ? what_ + "-listener" : "listener");
          mine.place = fmt::format("reactor {}", home_.index);
          mine.state = fmt::format("{}:{}, {} accepted", socket_->host, socket_->port, accepted_);
          mine.mailbox = mailbox().size();
          return std::make_shared<std::vector<actor_snapshot>>(1, std::move(mine));
        },
    };
  }

  void on_exit() override {
    unwatch();
    give_ = nullptr;
  }

  void on_io(uint32_t) override {
    for (int i = 0; i < accepts_a_turn; ++i) {
      sockaddr_storage address{};
      socklen_t length = sizeof address;
      int fd = ::accept4(socket_->fd, reinterpret_cast<sockaddr*>(&address), &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
          rest();
        return;
      }
      ++accepted_;
      hand(describe_peer(fd, address));
    }
  }
  void on_flush() override {}
  void on_fault(const char* what) noexcept override {
    log::error("Accepting a {} connection failed: {}", what_, what);
  }
  void on_timer(timer&) override { watch(); }

private:
  void watch() {
    if (!token_)
      token_ = home_.loop.watch(socket_->fd, EPOLLIN | EPOLLEXCLUSIVE, *this);
  }
  void unwatch() {
    rest_.stop();
    if (token_)
      home_.loop.unwatch(token_, socket_->fd);
    token_ = {};
  }
  /// Out of file descriptors: to try again at once would only burn the core.
  void rest() {
    log::error("Cannot accept {} connections for the moment: {}", what_, std::strerror(errno));
    unwatch();
    home_.loop.timers().start(rest_, pause_without_files);
  }
  void hand(accepted_ptr peer) {
    if (give_) {
      give_(std::move(peer));
      return;
    }
    hand_to_emptiest(home_.shared, std::move(peer));
  }

  reactor& home_;
  bound_socket_ptr socket_;
  std::string what_;
  hand_out give_;
  io_token token_;
  uint64_t accepted_ = 0;
  timer rest_;
};

struct address_list {
  addrinfo* first = nullptr;
  ~address_list() {
    if (first)
      ::freeaddrinfo(first);
  }
};

} // namespace

bound_socket::~bound_socket() {
  if (fd >= 0)
    ::close(fd);
}

void bound_socket::refuse() const noexcept {
  ::shutdown(fd, SHUT_RDWR);
}

bound_socket_ptr bind_and_listen(const std::string& host, uint16_t port) {
  auto where = host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                                   : fmt::format("[{}]:{}", host, port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  address_list found;
  if (int code = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(),
                               &hints, &found.first);
      code != 0)
    throw std::runtime_error(fmt::format("{}, \"{}\"", where, ::gai_strerror(code)));
  auto out = std::make_shared<bound_socket>();
  out->host = host;
  out->fd = ::socket(found.first->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  int off = 0;
  ::setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (found.first->ai_family == AF_INET6)
    ::setsockopt(out->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (out->fd < 0 || ::bind(out->fd, found.first->ai_addr, found.first->ai_addrlen) != 0
      || ::listen(out->fd, backlog) != 0)
    throw std::runtime_error(
        fmt::format("{}, \"listen tcp {}: bind: {}\"", where, where,
                    errno == EADDRINUSE ? "address already in use" : std::strerror(errno)));
  sockaddr_storage mine{};
  socklen_t length = sizeof mine;
  ::getsockname(out->fd, reinterpret_cast<sockaddr*>(&mine), &length);
  out->port = ntohs(mine.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(mine).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(mine).sin_port);
  return out;
}

void hand_to_emptiest(core& shared, accepted_ptr peer) {
  auto& all = shared.reactors;
  size_t start = shared.next_reactor.fetch_add(1, std::memory_order_relaxed);
  reactor* least = nullptr;
  for (size_t i = 0; i < all.size(); ++i) {
    auto* candidate = all[(start + i) % all.size()].get();
    if (!least
        || candidate->connection_count.load(std::memory_order_relaxed)
               < least->connection_count.load(std::memory_order_relaxed))
      least = candidate;
  }
  least->connection_count.fetch_add(1, std::memory_order_relaxed);
  caf::anon_send(least->actor, atom::adopt_v, std::move(peer));
}

listener_actor spawn_listener(caf::actor_system& sys, reactor& home, bound_socket_ptr socket) {
  return spawn_listener(sys, home, std::move(socket), "client", {});
}

listener_actor spawn_listener(caf::actor_system& sys, reactor& home, bound_socket_ptr socket,
                              std::string what, hand_out give) {
  caf::actor_config where{&home.loop};
  return sys.spawn_class<listener, caf::no_spawn_options>(where, home, std::move(socket),
                                                          std::move(what), std::move(give));
}

} // namespace troupe::actors
