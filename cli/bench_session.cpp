// cli/bench_session.cpp: log-in and interest before a load begins.
#include "cli/bench_session.hpp"

#include "protocol/server_parser.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

namespace troupe::cli {
namespace {

struct pong_ear {
  bool pong = false;
  std::string refusal;

  void on_info(std::string_view) {}
  void on_message(const protocol::server_message&) {}
  void on_ping() {}
  void on_pong() { pong = true; }
  void on_ok() {}
  void on_err(std::string_view text) { refusal = text; }
  void on_broken(protocol::server_stream_error code) { refusal = describe(code); }
};

outcome wait_for_pong(const connect_options& options, session& s, steady_time deadline) {
  pong_ear ear;
  char block[16384];
  for (;;) {
    s.unread.erase(0, protocol::parse_server_stream(s.unread, {}, ear));
    if (!ear.refusal.empty())
      return explain_server_error(ear.refusal, options, s.where);
    if (ear.pong)
      return std::nullopt;
    auto got = s.link.read_some(block, sizeof block);
    if (got.state == io_state::done)
      s.unread.append(block, got.bytes);
    else if (got.state == io_state::closed || got.state == io_state::failed)
      return problem{fmt::format("{} closed the connection", s.where.show()), ""};
    else if (!s.link.wait(got.state, deadline))
      return problem{fmt::format("{} did not answer a PING in time", s.where.show()), ""};
  }
}

outcome connect_only(const connect_options& options, session& out) {
  out = session{};
  out.where = options.servers.front();
  std::vector<socket_address> targets;
  if (auto wrong = resolve(out.where, targets))
    return wrong;
  auto deadline = std::chrono::steady_clock::now() + options.timeout;
  if (out.link.begin_connect(targets.front()) && out.link.wait(io_state::want_write, deadline)
      && out.link.finish_connect())
    return std::nullopt;
  return explain_no_connection(out.link.last_error(), out.link.was_refused(), out.where);
}

} // namespace

outcome open_bench_session(const load_plan& plan, tls_context& tls, std::string_view lines,
                           session& out) {
  if (plan.bare_relay)
    return connect_only(plan.connection, out);
  if (auto wrong = open_any_session(plan.connection, tls, out))
    return wrong;
  if (lines.empty())
    return std::nullopt;
  auto deadline = std::chrono::steady_clock::now() + plan.connection.timeout;
  if (auto wrong = write_all(out.link, lines, deadline, out.where))
    return wrong;
  if (auto wrong = write_all(out.link, "PING\r\n", deadline, out.where))
    return wrong;
  return wait_for_pong(plan.connection, out, deadline);
}

std::string subscription_lines(const load_plan& plan, uint32_t subscriber) {
  auto subjects = plan.subjects_of(plan.pairs ? subscriber % plan.publishers : 0);
  uint32_t sid = 1;
  while (sid <= subjects.size())
    sid *= 10; // so that sid … sid + subjects - 1 have equally many digits
  if (subjects.size() == 1)
    sid = 1;
  std::string out;
  auto add = [&](std::string_view subject) {
    fmt::format_to(std::back_inserter(out), "SUB {} {}{}{}\r\n", subject, plan.queue,
                   plan.queue.empty() ? "" : " ", sid++);
  };
  if (plan.wildcard)
    add(plan.subjects > 1 ? subjects[0].substr(0, subjects[0].rfind('.')) + ".*" : subjects[0]);
  else
    for (const auto& subject : subjects)
      add(subject);
  return out;
}

} // namespace troupe::cli
