// monitor/admin_socket.cpp: answers lines from the owner.
#include "monitor/admin_socket.hpp"

#include "actors/log.hpp"
#include "monitor/actor_report.hpp"
#include "monitor/admin_paths.hpp"
#include "monitor/endpoints.hpp"
#include "monitor/json_text.hpp"
#include "monitor/unix_stream.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace troupe::monitor {
namespace {

constexpr size_t longest_request = 256;
constexpr size_t largest_answer = 1024UL * 1024 * 1024;

/// Empty: nothing is in the way of a new socket.
std::string clear_way(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0)
    return {};
  if (!S_ISSOCK(found.st_mode))
    return path + " exists and is not a socket";
  switch (probe_socket(path)) {
  case socket_life::alive: return "another broker answers on " + path;
  case socket_life::unknown: return path + " belongs to somebody else";
  case socket_life::dead: break;
  }
  if (::unlink(path.c_str()) != 0)
    return fmt::format("{}: {}", path, std::strerror(errno));
  return {};
}

} // namespace

struct admin_socket::impl {
  impl(std::unique_ptr<source> mine, const source& asked)
      : owned{std::move(mine)}, from{asked}, answers{asked, ""} {}

  std::string document(const std::string& request) {
    if (request == "actors")
      return json_text(
          actor_report(from.server(), ::getpid(), std::chrono::system_clock::now(), from.tree()));
    if (request == "server")
      return answers.respond("/varz", "").body;
    if (request == "connections")
      return answers.respond("/connz", "auth=1&state=any&limit=1000000000").body;
    if (request == "subscriptions")
      return answers.respond("/subsz", "subs=1&limit=1000000000").body;
    return json_text({{"error", fmt::format("unknown request \"{}\"; there are actors, "
                                            "connections, server, subscriptions",
                                            actors::log::printable(request))}});
  }

  void answer_one() {
    auto peer = socket.accept();
    if (!peer.is_open())
      return;
    uid_t who = 0;
    if (!peer.peer_user(who) || (who != ::geteuid() && who != 0)) {
      actors::log::warn("The admin socket refused user {}", who);
      return;
    }
    std::string request;
    if (peer.receive_line(request, longest_request))
      peer.send(document(request) + '\n');
  }

  void serve() {
    for (;;) {
      pollfd wanted[] = {{socket.fd(), POLLIN, 0}, {wake.fd(), POLLIN, 0}};
      if (::poll(wanted, 2, -1) < 0 && errno != EINTR)
        return;
      if (wanted[1].revents != 0)
        return;
      if (wanted[0].revents != 0)
        answer_one();
    }
  }

  std::unique_ptr<source> owned;
  const source& from;
  endpoints answers;
  std::string path;
  unix_stream socket;
  unix_stream wake; ///< an eventfd: readable when it is time to end
  std::thread thread;
};

admin_socket::admin_socket(const actors::broker& from) {
  auto mine = std::make_unique<broker_source>(from);
  const auto& asked = *mine;
  impl_ = std::make_unique<impl>(std::move(mine), asked);
}

admin_socket::admin_socket(const source& from) : impl_{std::make_unique<impl>(nullptr, from)} {}

admin_socket::~admin_socket() {
  stop();
}

std::string admin_socket::start(const std::string& path) {
  auto& my = *impl_;
  std::string fault;
  auto chosen = path.empty() ? make_admin_path(::getpid(), fault) : path;
  if (chosen.empty())
    return fault;
  fault = clear_way(chosen);
  if (!fault.empty())
    return fault;
  int why = 0;
  my.socket = unix_stream::listen(chosen, why);
  if (!my.socket.is_open())
    return fmt::format("{}: {}", chosen, std::strerror(why));
  my.path = chosen;
  my.wake = unix_stream{::eventfd(0, EFD_CLOEXEC)};
  my.thread = std::thread{[&my] { my.serve(); }};
  return {};
}

const std::string& admin_socket::path() const noexcept {
  return impl_->path;
}

void admin_socket::stop() {
  auto& my = *impl_;
  if (!my.thread.joinable())
    return;
  ::eventfd_write(my.wake.fd(), 1);
  my.thread.join();
  ::unlink(my.path.c_str());
  my.socket = {};
}

admin_reply ask_broker(const std::string& path, std::string_view request) {
  int why = 0;
  auto peer = unix_stream::connect(path, why);
  if (!peer.is_open())
    return {{},
            fmt::format("{}: {}", path,
                        why == ECONNREFUSED ? "no broker listens there" : std::strerror(why))};
  admin_reply out;
  if (!peer.send(fmt::format("{}\n", request)) || !peer.receive_all(out.document, largest_answer)
      || out.document.empty())
    return {{}, path + ": no answer; a broker answers its own user and root only"};
  return out;
}

} // namespace troupe::monitor
