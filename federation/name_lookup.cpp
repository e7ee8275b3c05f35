// federation/name_lookup.cpp: c-ares, driven by an event loop.
#include "federation/name_lookup.hpp"

#include <ares.h>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <unordered_map>

namespace troupe::federation {

using actors::event_loop;
using actors::io_token;

namespace {

constexpr int longest_try_ms = 2000;
constexpr int tries = 2;
constexpr int dns_class_in = 1;
constexpr int dns_type_srv = 33;

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

/// The smallest TTL among the answers of a DNS message; 0 if it cannot be read.
std::chrono::seconds smallest_ttl(const unsigned char* message, int size) {
  constexpr int header = 12;
  constexpr int question = 4; // behind its name
  constexpr int record = 10;  // behind its name, before its data
  uint32_t smallest = UINT32_MAX;
  const auto* at = message + header;
  const auto* end = message + size;
  auto skip_name = [&] {
    char* name = nullptr;
    long length = 0;
    bool good = at < end && ::ares_expand_name(at, message, size, &name, &length) == ARES_SUCCESS;
    if (good)
      ::ares_free_string(name);
    at += good ? length : 0;
    return good;
  };
  if (size < header || !skip_name())
    return {};
  at += question;
  for (int left = message[6] << 8 | message[7]; left > 0; --left) {
    if (!skip_name() || end - at < record)
      return {};
    uint32_t ttl = 0;
    for (int i = 4; i < 8; ++i)
      ttl = ttl << 8 | at[i];
    smallest = std::min(smallest, ttl);
    at += record + (at[8] << 8 | at[9]);
  }
  return std::chrono::seconds{smallest == UINT32_MAX ? 0 : smallest};
}

/// Chooses the next one by weight: each is as likely as its weight, and those of none a little.
size_t draw(const std::vector<service_target>& from, size_t first, size_t end,
            std::minstd_rand& random) {
  uint64_t all = 0;
  for (auto i = first; i < end; ++i)
    all += from[i].weight + 1u;
  auto left = random() % all;
  for (auto i = first; i < end; ++i) {
    if (left < from[i].weight + 1u)
      return i;
    left -= from[i].weight + 1u;
  }
  return first;
}

} // namespace

void put_in_order(std::vector<service_target>& targets, std::minstd_rand& random) {
  std::stable_sort(targets.begin(), targets.end(),
                   [](const auto& a, const auto& b) { return a.priority < b.priority; });
  for (size_t first = 0; first < targets.size(); ++first) {
    auto end = first;
    while (end < targets.size() && targets[end].priority == targets[first].priority)
      ++end;
    std::swap(targets[first], targets[draw(targets, first, end, random)]);
  }
}

/// One question: its sockets, its timer. Dies with the answer.
class name_lookup::channel final : public actors::timer_owner {
public:
  explicit channel(event_loop& loop) : loop_{loop}, timer_{*this} {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() {
    silent_ = true;
    if (native_)
      ::ares_destroy(native_); // gives up the question and closes the sockets
  }

  void ask(const std::string& host, uint16_t port, answered tell) {
    tell_ = std::move(tell);
    if (!open()) {
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

  void ask_services(const std::string& name, services_answered tell) {
    tell_services_ = std::move(tell);
    if (!open()) {
      service_answer nothing;
      nothing.problem = "the resolver could not be started";
      answer(std::move(nothing));
      return;
    }
    ::ares_query(native_, name.c_str(), dns_class_in, dns_type_srv, &channel::found_services, this);
    plan();
  }

  void on_timer(actors::timer&) override {
    if (ready_) {
      auto tell = std::move(ready_);
      tell(); // may end this channel
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

  bool open() {
    ares_options options{};
    options.timeout = longest_try_ms;
    options.tries = tries;
    options.sock_state_cb = &channel::socket_changed;
    options.sock_state_cb_data = this;
    bool good = library_state() == ARES_SUCCESS
                && ::ares_init_options(&native_, &options,
                                       ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB)
                       == ARES_SUCCESS;
    if (!good)
      native_ = nullptr; // there is nothing to destroy
    const auto* servers = std::getenv("TROUPE_DNS_SERVERS");
    return good && (!servers || ::ares_set_servers_ports_csv(native_, servers) == ARES_SUCCESS);
  }

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

  static void found_services(void* self, int status, int, unsigned char* message, int size) {
    auto& my = *static_cast<channel*>(self);
    if (my.silent_)
      return;
    service_answer out;
    out.known = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
    ares_srv_reply* list = nullptr;
    if (status == ARES_SUCCESS)
      status = ::ares_parse_srv_reply(message, size, &list);
    std::unique_ptr<ares_srv_reply, decltype(&::ares_free_data)> owned{list, &::ares_free_data};
    for (const auto* each = list; each; each = each->next)
      if (std::string host = each->host; !host.empty() && host != ".") // "." says: not here
        out.targets.push_back({host.ends_with('.') ? host.substr(0, host.size() - 1) : host,
                               each->port, each->priority, each->weight});
    if (out.targets.empty())
      out.problem =
          status == ARES_SUCCESS ? "it names no host" : std::string{::ares_strerror(status)};
    else
      out.good_for = smallest_ttl(message, size);
    std::minstd_rand random{std::random_device{}()};
    put_in_order(out.targets, random);
    my.answer(std::move(out));
  }

  /// c-ares must not be destroyed from its own call: the answer is handed over with the next tick.
  void answer(std::vector<peer_address> found, std::string problem) {
    hand_over([tell = std::move(tell_), all = std::move(found),
               why = std::move(problem)]() mutable { tell(std::move(all), std::move(why)); });
  }

  void answer(service_answer found) {
    hand_over([tell = std::move(tell_services_), all = std::move(found)]() mutable {
      tell(std::move(all));
    });
  }

  void hand_over(std::function<void()> told) {
    ready_ = std::move(told);
    loop_.timers().start(timer_, std::chrono::milliseconds{0});
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
  services_answered tell_services_;
  actors::timer timer_;
  ares_channel native_ = nullptr;
  bool silent_ = false;
  std::function<void()> ready_; ///< tells the answer; empty: there is none yet
  std::unordered_map<int, std::unique_ptr<watched>> sockets_;
  std::vector<std::unique_ptr<watched>> ended_;
};

name_lookup::name_lookup(event_loop& loop) : loop_{loop} {}

name_lookup::~name_lookup() = default;

void name_lookup::ask(const std::string& host, uint16_t port, answered tell) {
  channel_ = std::make_unique<channel>(loop_);
  channel_->ask(host, port, std::move(tell));
}

void name_lookup::ask_services(const std::string& name, services_answered tell) {
  channel_ = std::make_unique<channel>(loop_);
  channel_->ask_services(name, std::move(tell));
}

void name_lookup::cancel() noexcept {
  channel_.reset();
}

} // namespace troupe::federation
