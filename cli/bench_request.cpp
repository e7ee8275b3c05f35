// cli/bench_request.cpp: a requester and a responder on blocking sockets, for honest latencies.
#include "cli/bench_request.hpp"

#include "cli/bench_link.hpp"
#include "cli/bench_session.hpp"
#include "cli/client.hpp"
#include "protocol/server_parser.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_up{100}; // how often a blocked thread looks at its flag

/// One blocking connection: reads, hands operations to `Ear`, writes what the ear queued.
template <class Ear>
class talker {
public:
  explicit talker(session opened) : session_{std::move(opened)} {
    session_.link.make_blocking(look_up);
  }

  outcome write(std::string_view bytes) {
    return write_all(session_.link, bytes, clock::now() + std::chrono::seconds{10}, session_.where);
  }

  /// False in `heard` if nothing came within `look_up`.
  outcome read(Ear& ear, bool& heard) {
    char block[65536];
    auto got = session_.link.read_some(block, sizeof block);
    heard = got.state == io_state::done;
    if (got.state == io_state::closed || got.state == io_state::failed)
      return problem{fmt::format("{} closed the connection", session_.where.show()), ""};
    if (!heard)
      return std::nullopt;
    session_.unread.append(block, got.bytes);
    session_.unread.erase(0, protocol::parse_server_stream(session_.unread, {}, ear));
    if (!ear.complaint.empty())
      return explain_server_error(ear.complaint, {}, session_.where);
    if (ear.queued.empty())
      return std::nullopt;
    auto wrong = write(ear.queued);
    ear.queued.clear();
    return wrong;
  }

private:
  session session_;
};

struct talking_ear {
  std::string queued;
  std::string complaint;
  void on_info(std::string_view) {}
  void on_ping() { queued += "PONG\r\n"; }
  void on_pong() {}
  void on_ok() {}
  void on_err(std::string_view text) { complaint = text; }
  void on_broken(protocol::server_stream_error code) { complaint = describe(code); }
};

struct responder_ear : talking_ear {
  void on_message(const protocol::server_message& msg) {
    fmt::format_to(std::back_inserter(queued), "PUB {} {}\r\n", msg.reply, msg.payload.size());
    queued.append(msg.payload).append("\r\n");
  }
};

/// Sends the next request from a slot when its reply is there; the slot is the inbox's last token.
struct requester_ear : talking_ear {
  const request_plan& plan;
  std::string inbox;
  std::string payload;
  std::vector<clock::time_point> asked; ///< by slot
  std::vector<uint64_t> nanos;
  uint64_t sent = 0;
  uint64_t heard = 0;

  explicit requester_ear(const request_plan& wanted)
      : plan{wanted}, inbox{client::new_inbox()}, payload(wanted.size, 'x'),
        asked(wanted.in_flight) {
    nanos.reserve(wanted.requests);
  }
  uint64_t goal() const { return plan.warm_up + plan.requests; }
  void ask(size_t slot) {
    if (sent == goal())
      return;
    ++sent;
    fmt::format_to(std::back_inserter(queued), "PUB {} {}.{} {}\r\n", plan.subject, inbox, slot,
                   payload.size());
    queued.append(payload).append("\r\n");
    asked[slot] = clock::now();
  }
  void on_message(const protocol::server_message& msg) {
    size_t slot = asked.size();
    auto digits = msg.subject.substr(std::min(inbox.size() + 1, msg.subject.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), slot);
    if (slot >= asked.size() || msg.payload.size() != payload.size()) {
      complaint = msg.payload.empty() ? "no responders" : "a reply that nobody asked for";
      return;
    }
    auto took = clock::now() - asked[slot];
    if (++heard > plan.warm_up)
      nanos.push_back(static_cast<uint64_t>(std::chrono::nanoseconds{took}.count()));
    ask(slot);
  }
};

class responder {
public:
  explicit responder(session opened) : talk_{std::move(opened)}, thread_{[this] { answer(); }} {}
  ~responder() {
    stop_ = true;
    thread_.join();
  }
  responder(const responder&) = delete;
  responder& operator=(const responder&) = delete;

private:
  void answer() {
    responder_ear ear;
    bool heard = false;
    // A broken connection ends it; the requester then misses replies and says so.
    while (!stop_ && !talk_.read(ear, heard)) {
    }
  }

  talker<responder_ear> talk_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace

outcome run_requests(const request_plan& plan, latency_result& out, int stop_fd) {
  load_plan sessions;
  sessions.connection = plan.connection;
  tls_context tls;
  session answering;
  session asking;
  requester_ear ear{plan};
  sessions.subscriber_user = plan.responder_user;
  sessions.subscriber_servers = plan.responder_servers;
  sessions.idle_limit = plan.idle_limit;
  load_plan others = sessions;
  others.connection = others.of_subscribers();
  if (auto wrong =
          open_bench_session(others, tls, fmt::format("SUB {} 1\r\n", plan.subject), answering))
    return wrong;
  if (auto wrong =
          open_bench_session(sessions, tls, fmt::format("SUB {}.* 1\r\n", ear.inbox), asking))
    return wrong;
  if (!plan.responder_servers.empty())
    if (auto wrong = await_interest(sessions, tls, stop_fd))
      return wrong;
  responder other{std::move(answering)};
  talker<requester_ear> talk{std::move(asking)};
  auto cpu = own_cpu_seconds();
  auto begin = clock::now();
  auto last_reply = begin;
  bool measuring = false;
  for (size_t slot = 0; slot < plan.in_flight; ++slot)
    ear.ask(slot);
  if (auto wrong = talk.write(std::exchange(ear.queued, {})))
    return wrong;
  while (ear.heard < ear.goal()) {
    bool heard = false;
    if (auto wrong = talk.read(ear, heard))
      return wrong;
    if (!measuring && ear.heard >= plan.warm_up) {
      measuring = true;
      begin = clock::now();
      cpu = own_cpu_seconds();
    }
    if (heard) {
      last_reply = clock::now();
      continue;
    }
    pollfd stop{stop_fd, POLLIN, 0};
    if (stop_fd >= 0 && poll(&stop, 1, 0) > 0)
      return problem{"stopped", "", exit_code::nothing};
    if (clock::now() - last_reply > plan.idle_limit)
      return problem{fmt::format("lost {} of {} replies", ear.sent - ear.heard, ear.goal()), ""};
  }
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  out.cpu_seconds = own_cpu_seconds() - cpu;
  out.nanos = std::move(ear.nanos);
  std::sort(out.nanos.begin(), out.nanos.end());
  return std::nullopt;
}

} // namespace troupe::cli
