// cli/bench_swarm.cpp: one epoll loop that logs thousands of connections in.
#include "cli/bench_swarm.hpp"

#include "cli/bench_progress.hpp"
#include "cli/epoll_set.hpp"
#include "cli/session.hpp"
#include "protocol/server_parser.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;
constexpr uint32_t stop_tag = std::numeric_limits<uint32_t>::max();
constexpr uint32_t hold_tag = stop_tag - 1;
constexpr uint32_t per_source = 15'000; // connections from one source address to one port

enum class node_step : uint8_t { connecting, greeting, handshaking, logging_in, idle, closed };

struct node {
  stream link;
  node_step step = node_step::connecting;
  std::string unread;
  std::string unsent;
  std::string nonce; ///< of its INFO, while TLS begins
};

struct node_ear {
  bool info = false;
  bool pong = false;
  bool ping = false;
  std::string json;
  std::string complaint;
  void on_info(std::string_view text) {
    info = true;
    json = text;
  }
  void on_message(const protocol::server_message&) {}
  void on_ping() { ping = true; }
  void on_pong() { pong = true; }
  void on_ok() {}
  void on_err(std::string_view text) { complaint = text; }
  void on_broken(protocol::server_stream_error code) { complaint = describe(code); }
};

class swarm {
public:
  swarm(const swarm_plan& plan, int stop_fd, int hold_fd)
      : plan_{plan}, where_{plan.connection.servers.front()}, nodes_(plan.connections) {
    if (stop_fd >= 0)
      epoll_.add(stop_fd, stop_tag, true, false);
    if (hold_fd >= 0 && plan.hold) // epoll refuses files and /dev/null: they are at their end now
      hold_ended_ = !epoll_.add(hold_fd, hold_tag, true, false);
  }

  outcome open_all(swarm_result& out);
  outcome hold();

private:
  outcome prepare();
  outcome begin_next();
  outcome advance(uint32_t i);
  outcome hear(uint32_t i);
  outcome shake(uint32_t i);
  outcome log_in(uint32_t i, const server_info& info);
  outcome send(uint32_t i);
  void logged_in(uint32_t i);
  std::string subscriptions_of(uint32_t i) const;

  const swarm_plan& plan_;
  const server_address& where_;
  std::vector<node> nodes_;
  std::vector<socket_address> targets_;
  tls_context tls_;
  epoll_set epoll_{512};
  uint32_t begun_ = 0;
  uint32_t ready_ = 0;
  bool hold_ended_ = false;
};

outcome swarm::prepare() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (plan_.hold && files.rlim_cur < plan_.connections + 64)
    return problem{fmt::format("this process may open {} files, {} connections need more",
                               files.rlim_cur, plan_.connections),
                   "raise the limit: ulimit -Hn"};
  if (auto wrong = make_tls_context(plan_.connection, tls_))
    return wrong;
  return resolve(where_, targets_);
}

std::string swarm::subscriptions_of(uint32_t i) const {
  std::string out;
  for (uint32_t sub = 0; sub < plan_.subscriptions; ++sub)
    if (sub == 0)
      fmt::format_to(std::back_inserter(out), "SUB bench.node.{} 1\r\n", i);
    else
      fmt::format_to(std::back_inserter(out), "SUB bench.all.{} {}\r\n", sub, sub + 1);
  return out;
}

outcome swarm::begin_next() {
  auto i = begun_++;
  bool loopback = where_.host == "127.0.0.1" || where_.host == "localhost";
  auto source = loopback && plan_.connections > per_source ? 2 + i / per_source : 0;
  if (!nodes_[i].link.begin_connect(targets_.front(), source))
    return explain_no_connection(nodes_[i].link.last_error(), nodes_[i].link.was_refused(), where_);
  epoll_.add(nodes_[i].link.fd(), i, true, true);
  return std::nullopt;
}

outcome swarm::send(uint32_t i) {
  auto& one = nodes_[i];
  while (!one.unsent.empty()) {
    auto sent = one.link.write_some(one.unsent.data(), one.unsent.size());
    if (sent.state == io_state::want_read || sent.state == io_state::want_write)
      break;
    if (sent.state != io_state::done)
      return problem{fmt::format("{} closed connection {}", where_.show(), i), ""};
    one.unsent.erase(0, sent.bytes);
  }
  epoll_.change(one.link.fd(), i, true, !one.unsent.empty());
  return std::nullopt;
}

outcome swarm::log_in(uint32_t i, const server_info& info) {
  nodes_[i].step = node_step::logging_in;
  nodes_[i].unsent =
      write_connect(plan_.connection, where_, info) + subscriptions_of(i) + "PING\r\n";
  return send(i);
}

void swarm::logged_in(uint32_t i) {
  ++ready_;
  auto& one = nodes_[i];
  one.step = node_step::idle;
  one.unread.shrink_to_fit();
  one.unsent.shrink_to_fit();
  if (plan_.hold)
    return;
  one.link.close();
  one.step = node_step::closed;
}

outcome swarm::shake(uint32_t i) {
  auto& one = nodes_[i];
  one.step = node_step::handshaking;
  auto state = one.link.shake_hands();
  if (state == io_state::done && plan_.connection.tls_first) {
    one.step = node_step::greeting;
    return hear(i);
  }
  if (state == io_state::done) {
    server_info info; // its INFO came before the handshake; only these fields matter here
    info.headers = true;
    info.nonce = one.nonce;
    return log_in(i, info);
  }
  if (state == io_state::closed || state == io_state::failed)
    return explain_no_connection(one.link.last_error(), false, where_);
  epoll_.change(one.link.fd(), i, true, state == io_state::want_write);
  return std::nullopt;
}

outcome swarm::hear(uint32_t i) {
  auto& one = nodes_[i];
  char block[8192];
  for (;;) {
    auto got = one.link.read_some(block, sizeof block);
    if (got.state == io_state::want_read || got.state == io_state::want_write)
      return std::nullopt;
    if (got.state != io_state::done)
      return problem{
          fmt::format("{} closed connection {} of {}", where_.show(), i + 1, plan_.connections),
          "its log may say why; see max_connections and the limit of open files"};
    one.unread.append(block, got.bytes);
    node_ear ear;
    one.unread.erase(0, protocol::parse_server_stream(one.unread, {}, ear));
    if (!ear.complaint.empty())
      return explain_server_error(ear.complaint, plan_.connection, where_);
    if (ear.ping) {
      one.unsent += "PONG\r\n";
      if (auto wrong = send(i))
        return wrong;
    }
    if (ear.pong && one.step == node_step::logging_in) {
      logged_in(i);
      if (!plan_.hold)
        return std::nullopt;
    }
    if (!ear.info || one.step != node_step::greeting)
      continue;
    server_info info;
    if (!read_info(ear.json, info))
      return problem{fmt::format("{} sent an INFO that is not JSON", where_.show()), ""};
    bool want_tls = plan_.connection.tls || where_.tls || info.tls_required;
    if (!want_tls || one.link.is_tls()) {
      if (auto wrong = log_in(i, info))
        return wrong;
      continue;
    }
    one.nonce = info.nonce;
    if (!one.link.start_tls(tls_.get(), where_.host, !plan_.connection.tls_insecure))
      return problem{one.link.last_error(), ""};
    return shake(i);
  }
}

outcome swarm::advance(uint32_t i) {
  auto& one = nodes_[i];
  switch (one.step) {
  case node_step::connecting:
    if (!one.link.finish_connect())
      return explain_no_connection(one.link.last_error(), one.link.was_refused(), where_);
    epoll_.change(one.link.fd(), i, true, false);
    one.step = node_step::greeting;
    if (!plan_.connection.tls_first)
      return hear(i);
    if (!one.link.start_tls(tls_.get(), where_.host, !plan_.connection.tls_insecure))
      return problem{one.link.last_error(), ""};
    return shake(i);
  case node_step::handshaking: return shake(i);
  case node_step::logging_in:
  case node_step::idle:
    if (!one.unsent.empty())
      if (auto wrong = send(i))
        return wrong;
    return hear(i);
  case node_step::greeting: return hear(i);
  case node_step::closed: return std::nullopt;
  }
  return std::nullopt;
}

outcome swarm::open_all(swarm_result& out) {
  if (auto wrong = prepare())
    return wrong;
  bench_progress bar{plan_.show_progress};
  auto cpu = own_cpu_seconds();
  auto begin = clock::now();
  auto last_seen = begin;
  while (ready_ < plan_.connections) {
    while (begun_ < plan_.connections && begun_ - ready_ < plan_.at_once)
      if (auto wrong = begin_next())
        return wrong;
    auto before = ready_;
    for (const auto& [tag, readable, writable] : epoll_.wait(100)) {
      if (tag == stop_tag)
        return problem{"stopped", "", exit_code::nothing};
      if (tag < hold_tag)
        if (auto wrong = advance(tag))
          return wrong;
    }
    auto now = clock::now();
    if (ready_ != before) {
      last_seen = now;
      bar.show(ready_, plan_.connections);
    } else if (now - last_seen > plan_.idle_limit) {
      return problem{
          fmt::format("only {} of {} connections could log in", ready_, plan_.connections), ""};
    }
  }
  out.opened = ready_;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  out.cpu_seconds = own_cpu_seconds() - cpu;
  return std::nullopt;
}

outcome swarm::hold() {
  while (!hold_ended_)
    for (const auto& [tag, readable, writable] : epoll_.wait(-1)) {
      if (tag == stop_tag || tag == hold_tag)
        return std::nullopt;
      if (auto wrong = advance(tag))
        return wrong;
    }
  return std::nullopt;
}

} // namespace

outcome run_swarm(const swarm_plan& plan, swarm_result& out, int stop_fd, int hold_fd,
                  const std::function<void(const swarm_result&)>& ready) {
  swarm all{plan, stop_fd, hold_fd};
  if (auto wrong = all.open_all(out))
    return wrong;
  ready(out);
  return plan.hold ? all.hold() : std::nullopt;
}

} // namespace troupe::cli
