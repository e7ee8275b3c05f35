// cli/bench_link.cpp: waits for interest to cross a link.
#include "cli/bench_link.hpp"

#include "cli/bench_session.hpp"
#include "cli/client.hpp"
#include "protocol/server_parser.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;

/// Between two questions whether the interest is there: short beside what is measured with it.
constexpr int ask_again_ms = 2;
constexpr size_t lines_per_write = 4096;

struct link_ear {
  bool heard = false;
  std::string queued;
  std::string complaint;
  void on_info(std::string_view) {}
  void on_message(const protocol::server_message&) { heard = true; }
  void on_ping() { queued += "PONG\r\n"; }
  void on_pong() {}
  void on_ok() {}
  void on_err(std::string_view text) { complaint = text; }
  void on_broken(protocol::server_stream_error code) { complaint = describe(code); }
};

/// Reads what is there and answers PINGs.
outcome look(session& at, link_ear& ear, steady_time deadline) {
  char block[16384];
  auto got = at.link.read_some(block, sizeof block);
  if (got.state == io_state::closed || got.state == io_state::failed)
    return problem{fmt::format("{} closed the connection", at.where.show()), ""};
  if (got.state != io_state::done)
    return std::nullopt;
  at.unread.append(block, got.bytes);
  at.unread.erase(0, protocol::parse_server_stream(at.unread, {}, ear));
  if (!ear.complaint.empty())
    return explain_server_error(ear.complaint, {}, at.where);
  return write_all(at.link, std::exchange(ear.queued, {}), deadline, at.where);
}

/// `there` has subscribed to `subject`; what `here` publishes to it comes once that has been told.
outcome await_message(session& here, session& there, std::string_view subject, steady_time deadline,
                      int stop_fd) {
  auto line = fmt::format("PUB {} 0\r\n\r\n", subject);
  link_ear ear;
  link_ear other;
  while (!ear.heard) {
    if (clock::now() > deadline)
      return problem{
          fmt::format("interest at {} is not known at {}", there.where.show(), here.where.show()),
          "are the two servers linked?"};
    if (auto wrong = write_all(here.link, line, deadline, here.where))
      return wrong;
    pollfd watched[2] = {{there.link.fd(), POLLIN, 0}, {stop_fd, POLLIN, 0}};
    poll(watched, stop_fd < 0 ? 1 : 2, ask_again_ms);
    if (stop_fd >= 0 && watched[1].revents != 0)
      return problem{"stopped", "", exit_code::nothing};
    if (auto wrong = look(there, ear, deadline))
      return wrong;
    if (auto wrong = look(here, other, deadline))
      return wrong;
  }
  return std::nullopt;
}

steady_time deadline_of(const load_plan& plan) {
  return clock::now() + std::chrono::duration_cast<clock::duration>(plan.idle_limit);
}

outcome subscribe_all(const interest_plan& plan, session& at) {
  std::string lines;
  for (uint32_t i = 0; i < plan.subscriptions;) {
    auto end = std::min<uint64_t>(plan.subscriptions, i + lines_per_write);
    lines.clear();
    for (; i < end; ++i)
      fmt::format_to(std::back_inserter(lines), "SUB {}.node.{}.commands {}\r\n",
                     plan.sessions.subject, i, i + 2);
    if (auto wrong = write_all(at.link, lines, deadline_of(plan.sessions), at.where))
      return wrong;
  }
  return std::nullopt;
}

outcome hold(session& at, const load_plan& plan, int stop_fd, int hold_fd) {
  link_ear ear;
  for (;;) {
    pollfd watched[3] = {{at.link.fd(), POLLIN, 0}, {hold_fd, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    poll(watched, stop_fd < 0 ? 2 : 3, -1);
    if (watched[1].revents != 0)
      return std::nullopt;
    if (stop_fd >= 0 && watched[2].revents != 0)
      return problem{"stopped", "", exit_code::nothing};
    if (auto wrong = look(at, ear, deadline_of(plan)))
      return wrong;
  }
}

} // namespace

outcome await_interest(const load_plan& plan, tls_context& tls, int stop_fd) {
  auto listening = plan;
  listening.connection = plan.of_subscribers();
  auto subject = client::new_inbox();
  session here;
  session there;
  if (auto wrong = open_bench_session(listening, tls, fmt::format("SUB {} 1\r\n", subject), there))
    return wrong;
  if (auto wrong = open_bench_session(plan, tls, "", here))
    return wrong;
  return await_message(here, there, subject, deadline_of(plan), stop_fd);
}

outcome run_interest(const interest_plan& plan, interest_result& out, int stop_fd, int hold_fd,
                     const std::function<void(const interest_result&)>& ready) {
  const auto& common = plan.sessions;
  auto listening = common;
  listening.connection = common.of_subscribers();
  tls_context tls;
  session here;
  session there;
  if (auto wrong = await_interest(common, tls, stop_fd)) // the link is up
    return wrong;
  if (auto wrong = open_bench_session(common, tls, "", here))
    return wrong;
  if (auto wrong = open_bench_session(listening, tls, "", there))
    return wrong;
  auto begin = clock::now();
  if (auto wrong = subscribe_all(plan, there))
    return wrong;
  auto last = client::new_inbox();
  if (auto wrong = write_all(there.link, fmt::format("SUB {} 1\r\n", last), deadline_of(common),
                             there.where))
    return wrong;
  if (auto wrong = await_message(here, there, last, deadline_of(common), stop_fd))
    return wrong;
  out.seconds = std::chrono::duration<double>(clock::now() - begin).count();
  ready(out);
  return hold_fd < 0 ? std::nullopt : hold(there, common, stop_fd, hold_fd);
}

} // namespace troupe::cli
