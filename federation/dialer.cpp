// federation/dialer.cpp: look up, connect, wait, again.
#include "federation/dialer.hpp"

#include "actors/log.hpp"
#include "actors/pinned.hpp"
#include "federation/local_urls.hpp"
#include "federation/name_lookup.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace troupe::federation {

namespace log = actors::log;

namespace {

constexpr auto longest_pause = std::chrono::seconds{30};
/// Failures are told in the log when they begin, and then from time to time.
constexpr uint64_t told_every = 60;

class dialer final : public actors::pinned<dialer_actor::base>,
                     public actors::io_handler,
                     public actors::timer_owner {
public:
  dialer(caf::actor_config& cfg, actors::reactor& home, dial_plan plan, dial_boss_actor boss)
      : actors::pinned<dialer_actor::base>(cfg), home_{home}, plan_{std::move(plan)},
        boss_{std::move(boss)}, lookup_{home.loop}, timer_{*this} {}

  const char* name() const override { return "dialer"; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg&) { // nobody is left to dial for
      stop();
      quit();
    });
    monitor(boss_);
    return {
        [this](atom::dial, uint64_t wait_ms) { begin(std::chrono::milliseconds{wait_ms}); },
        [this](atom::shut_down) {
          stop();
          quit();
        },
        [this](atom::tree) {
          actors::actor_snapshot mine;
          mine.path = fmt::format("broker/{}/dialer/{}", plan_.group, plan_.remote);
          mine.place = fmt::format("reactor {}", home_.index);
          mine.state = fmt::format("{} {}, {} attempts{}{}", where(), state(), attempts_,
                                   failure_.empty() ? "" : "; the last: ", failure_);
          mine.mailbox = mailbox().size();
          return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
        },
    };
  }

  void on_exit() override {
    stop();
    boss_ = nullptr;
  }

  // -- the socket that is being connected --------------------------------------------------------

  void on_io(uint32_t) override {
    if (doing_ == step::asking) {
      ask_proxy();
      return;
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) {
      address_failed(std::strerror(problem));
      return;
    }
    if (plan_.proxy)
      begin_asking();
    else
      connected();
  }
  void on_flush() override {}
  void on_fault(const char* what) noexcept override { fail(what); }

  void on_timer(actors::timer&) override {
    if (doing_ == step::waiting)
      look_up();
    else if (doing_ == step::connecting || doing_ == step::asking)
      address_failed("i/o timeout");
  }

private:
  enum class step : uint8_t { idle, waiting, looking_up, connecting, asking };

  /// The server that is to be reached, whoever leads there.
  std::string where() const {
    return is_service_name(plan_.host) ? plan_.host : host_and_port(plan_.host, plan_.port);
  }
  std::string_view state() const {
    switch (doing_) {
    case step::idle: return "idle";
    case step::waiting: return "waiting";
    case step::looking_up: return "looking up";
    case step::connecting: return "connecting";
    case step::asking: return "asking the proxy";
    }
    return "";
  }

  void begin(std::chrono::milliseconds wait) {
    stop();
    doing_ = step::waiting;
    home_.loop.timers().start(timer_, wait);
  }

  void look_up() {
    ++attempts_;
    log::debug("Trying to connect to {} on {}", plan_.what, where());
    doing_ = step::looking_up;
    addresses_.clear();
    next_ = 0;
    if (plan_.proxy) {
      targets_.assign(1, {plan_.proxy->host, plan_.proxy->port});
      next_target_ = 0;
      try_next();
      return;
    }
    if (!is_service_name(plan_.host)) {
      targets_.assign(1, {plan_.host, plan_.port});
      next_target_ = 0;
      try_next();
      return;
    }
    lookup_.ask_services(plan_.host, [this](service_answer answer) {
      targets_ = std::move(answer.targets);
      next_target_ = 0;
      problem_ = std::move(answer.problem);
      try_next();
    });
  }

  void look_up_target() {
    const auto& to = targets_[next_target_++];
    doing_ = step::looking_up;
    lookup_.ask(to.host, to.port, [this](auto found, auto problem) {
      addresses_ = std::move(found);
      next_ = 0;
      problem_ = std::move(problem);
      try_next();
    });
  }

  /// The next address, the next host of a service, or the end of this attempt.
  void try_next() {
    while (next_ < addresses_.size()) {
      const auto& to = addresses_[next_++];
      fd_ = ::socket(to.raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (fd_ >= 0
          && (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.raw), to.length) == 0
              || errno == EINPROGRESS)) {
        doing_ = step::connecting;
        token_ = home_.loop.watch(fd_, EPOLLOUT, *this);
        home_.loop.timers().start(timer_, plan_.timeout);
        return;
      }
      problem_ = fmt::format("{}: {}", to.ip, std::strerror(errno));
      close();
    }
    if (next_target_ < targets_.size())
      look_up_target();
    else
      fail(problem_);
  }

  void address_failed(std::string_view why) {
    close();
    problem_ = fmt::format("{}{}: {}", plan_.proxy ? "proxy " : "", addresses_[next_ - 1].ip, why);
    try_next();
  }

  // -- a proxy -----------------------------------------------------------------------------------

  void begin_asking() {
    doing_ = step::asking;
    request_ = connect_request(*plan_.proxy, where());
    answer_ = {};
    home_.loop.timers().start(timer_, plan_.timeout);
    ask_proxy();
  }

  void ask_proxy() {
    if (!request_.empty()) {
      auto sent = ::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        address_failed(std::strerror(errno));
        return;
      }
      request_.erase(0, sent > 0 ? static_cast<size_t>(sent) : 0);
      if (request_.empty())
        home_.loop.rewatch(token_, fd_, EPOLLIN);
      return;
    }
    hear_proxy();
  }

  /// No more than its answer is taken from the socket: what follows is the server's.
  void hear_proxy() {
    std::array<char, 4096> part;
    auto got = ::recv(fd_, part.data(), part.size(), MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got <= 0) {
      address_failed(got == 0 ? "it closed the connection" : std::strerror(errno));
      return;
    }
    size_t used = 0;
    auto found = answer_.read({part.data(), static_cast<size_t>(got)}, used);
    ::recv(fd_, part.data(), used, 0); // what has just been seen
    switch (found) {
    case proxy_answer::verdict::unfinished: return;
    case proxy_answer::verdict::open: connected(); return;
    case proxy_answer::verdict::refused:
      address_failed(log::printable(answer_.problem_without(plan_.proxy->login), 256));
      return;
    }
  }

  void connected() {
    auto out = std::make_shared<actors::accepted_socket>();
    out->fd = std::exchange(fd_, -1);
    out->ip = addresses_[next_ - 1].ip;
    out->port = targets_[next_target_ - 1].port;
    auto host = plan_.proxy ? plan_.host : targets_[next_target_ - 1].host;
    home_.loop.unwatch(token_, out->fd);
    token_ = {};
    timer_.stop();
    doing_ = step::idle;
    attempts_ = 0;
    failure_.clear();
    addresses_.clear();
    targets_.clear();
    send(boss_, atom::dialled_v, actors::accepted_ptr{std::move(out)}, plan_.remote,
         std::move(host));
  }

  void fail(std::string_view why) noexcept {
    try {
      stop();
      failure_ = why;
      auto line = fmt::format("Error trying to connect to {} {} (attempt {}): {}", plan_.what,
                              where(), attempts_, why);
      if (attempts_ == 1 || attempts_ % told_every == 0)
        log::error("{}", line);
      else
        log::debug("{}", line);
      if (plan_.attempts >= 0 && attempts_ >= static_cast<uint64_t>(plan_.attempts)) {
        send(boss_, atom::gave_up_v, plan_.remote);
        return;
      }
    } catch (...) { // not even a line: trying again is all that matters
    }
    doing_ = step::waiting;
    home_.loop.timers().start(timer_, pause_after(attempts_, plan_.backoff));
  }

  void close() {
    if (token_)
      home_.loop.unwatch(token_, fd_);
    token_ = {};
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

  void stop() {
    timer_.stop();
    lookup_.cancel();
    close();
    doing_ = step::idle;
  }

  actors::reactor& home_;
  const dial_plan plan_;
  dial_boss_actor boss_;
  name_lookup lookup_;
  actors::timer timer_;
  step doing_ = step::idle;
  uint64_t attempts_ = 0;
  std::vector<service_target> targets_; ///< one, or those of an SRV record
  size_t next_target_ = 0;
  std::vector<peer_address> addresses_; ///< of the one before the next
  size_t next_ = 0;
  std::string problem_;
  std::string failure_; ///< of the last attempt, for whoever looks in
  std::string request_; ///< what the proxy has not been told yet
  proxy_answer answer_;
  int fd_ = -1;
  actors::io_token token_;
};

} // namespace

std::chrono::milliseconds pause_after(uint64_t failures, bool backoff) noexcept {
  std::chrono::milliseconds pause = std::chrono::seconds{1};
  if (backoff)
    for (uint64_t i = 1; i < failures && pause < longest_pause; ++i)
      pause *= 2;
  // A little apart, so that two that dial each other do not do it in step for ever.
  return std::min<std::chrono::milliseconds>(pause, longest_pause)
         + std::chrono::milliseconds{failures * 37 % 100};
}

dialer_actor spawn_dialer(caf::actor_system& sys, actors::reactor& home, dial_plan plan,
                          dial_boss_actor boss) {
  caf::actor_config where{&home.loop};
  return sys.spawn_class<dialer, caf::no_spawn_options>(where, home, std::move(plan),
                                                        std::move(boss));
}

} // namespace troupe::federation
