// cli/session.cpp: the opening talk with one server, waiting where it has to.
#include "cli/session.hpp"

#include "protocol/server_parser.hpp"

#include <fmt/core.h>

#include <optional>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;

/// What the opening talk listens for.
struct opening_ear {
  std::optional<std::string> info;
  std::optional<std::string> refusal;
  bool pong = false;
  protocol::server_stream_error broken = protocol::server_stream_error::none;

  void on_info(std::string_view json) { info = json; }
  void on_message(const protocol::server_message&) {}
  void on_ping() {}
  void on_pong() { pong = true; }
  void on_ok() {}
  void on_err(std::string_view text) { refusal = text; }
  void on_broken(protocol::server_stream_error code) { broken = code; }
};

class opening {
public:
  opening(const connect_options& options, session& out, int stop_fd)
      : options_{options}, s_{out}, stop_fd_{stop_fd}, deadline_{clock::now() + options.timeout} {}

  outcome connect();
  outcome upgrade(tls_context& tls);
  outcome read_info_line();
  outcome log_in();

private:
  problem timed_out(std::string_view step) const {
    return {fmt::format("{} did not finish the {} in time", s_.where.show(), step), ""};
  }
  problem not_connected(std::string_view why) const {
    return explain_no_connection(std::string{why}, s_.link.was_refused(), s_.where);
  }
  outcome read_more(std::string_view step);

  const connect_options& options_;
  session& s_;
  int stop_fd_;
  steady_time deadline_;
};

outcome opening::connect() {
  std::vector<socket_address> targets;
  if (auto wrong = resolve(s_.where, targets))
    return wrong;
  for (const auto& target : targets) {
    if (!s_.link.begin_connect(target))
      continue;
    if (!s_.link.wait(io_state::want_write, deadline_, stop_fd_))
      return timed_out("TCP connect");
    if (s_.link.finish_connect())
      return std::nullopt;
  }
  return not_connected(s_.link.last_error());
}

outcome opening::read_more(std::string_view step) {
  char block[16384];
  for (;;) {
    auto got = s_.link.read_some(block, sizeof block);
    switch (got.state) {
    case io_state::done: s_.unread.append(block, got.bytes); return std::nullopt;
    case io_state::closed:
      return problem{fmt::format("{} closed the connection during the {}", s_.where.show(), step),
                     "is it a NATS server's client port? does it want TLS?"};
    case io_state::failed: return not_connected(s_.link.last_error());
    case io_state::want_read:
    case io_state::want_write:
      if (!s_.link.wait(got.state, deadline_, stop_fd_))
        return timed_out(step);
    }
  }
}

outcome opening::upgrade(tls_context& tls) {
  if (!tls)
    if (auto wrong = make_tls_context(options_, tls))
      return wrong;
  if (!s_.link.start_tls(tls.get(), s_.where.host, !options_.tls_insecure))
    return not_connected(s_.link.last_error());
  for (;;) {
    switch (auto state = s_.link.shake_hands()) {
    case io_state::done: return std::nullopt;
    case io_state::want_read:
    case io_state::want_write:
      if (!s_.link.wait(state, deadline_, stop_fd_))
        return timed_out("TLS handshake");
      break;
    case io_state::closed:
    case io_state::failed: {
      auto wrong = not_connected(s_.link.last_error());
      wrong.hint = "see --tls-ca, --tls-cert and --tls-insecure";
      return wrong;
    }
    }
  }
}

outcome opening::read_info_line() {
  opening_ear ear;
  while (!ear.info) {
    if (auto wrong = read_more("greeting"))
      return wrong;
    s_.unread.erase(0, protocol::parse_server_stream(s_.unread, {}, ear));
    if (ear.refusal)
      return explain_server_error(*ear.refusal, options_, s_.where);
    if (ear.broken != protocol::server_stream_error::none)
      return problem{fmt::format("{} does not speak NATS", s_.where.show()),
                     "is this the client port? (4222 by default)"};
  }
  if (!read_info(*ear.info, s_.info))
    return problem{fmt::format("{} sent an INFO that is not JSON", s_.where.show()), ""};
  return std::nullopt;
}

outcome opening::log_in() {
  auto hello = write_connect(options_, s_.where, s_.info) + "PING\r\n";
  if (auto wrong = write_all(s_.link, hello, deadline_, s_.where, stop_fd_))
    return wrong;
  opening_ear ear;
  for (;;) {
    s_.unread.erase(0, protocol::parse_server_stream(s_.unread, {}, ear));
    if (ear.refusal)
      return explain_server_error(*ear.refusal, options_, s_.where);
    if (ear.broken != protocol::server_stream_error::none)
      return problem{std::string{describe(ear.broken)}, ""};
    if (ear.info)
      read_info(*ear.info, s_.info);
    if (ear.pong)
      return std::nullopt;
    if (auto wrong = read_more("log-in"))
      return wrong;
  }
}

} // namespace

outcome open_session(const connect_options& options, const server_address& where, tls_context& tls,
                     session& out, int stop_fd) {
  out = session{};
  out.where = where;
  opening talk{options, out, stop_fd};
  if (auto wrong = talk.connect())
    return wrong;
  if (options.tls_first)
    if (auto wrong = talk.upgrade(tls))
      return wrong;
  if (auto wrong = talk.read_info_line())
    return wrong;
  bool want_tls = options.tls || where.tls || out.info.tls_required;
  if (want_tls && !out.link.is_tls()) {
    if (!out.info.tls_required && !out.info.tls_available)
      return problem{fmt::format("{} offers no TLS", where.show()),
                     "drop --tls or use nats:// if plain text is acceptable"};
    if (auto wrong = talk.upgrade(tls))
      return wrong;
  }
  return talk.log_in();
}

outcome open_any_session(const connect_options& options, tls_context& tls, session& out,
                         int stop_fd) {
  outcome last = problem{"no server is named", "give --server or set NATS_URL", exit_code::usage};
  for (const auto& where : options.servers) {
    last = open_session(options, where, tls, out, stop_fd);
    if (!last)
      return last;
  }
  return last;
}

outcome write_all(stream& link, std::string_view bytes, steady_time deadline,
                  const server_address& where, int stop_fd) {
  while (!bytes.empty()) {
    auto sent = link.write_some(bytes.data(), bytes.size());
    switch (sent.state) {
    case io_state::done: bytes.remove_prefix(sent.bytes); break;
    case io_state::want_read:
    case io_state::want_write:
      if (!link.wait(sent.state, deadline, stop_fd))
        return problem{fmt::format("{} does not take what we send", where.show()), ""};
      break;
    case io_state::closed:
    case io_state::failed:
      return problem{fmt::format("{} closed the connection ({})", where.show(), link.last_error()),
                     ""};
    }
  }
  return std::nullopt;
}

} // namespace troupe::cli
