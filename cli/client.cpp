// cli/client.cpp: publishing, subscribing and waiting over one session at a time.
#include "cli/client.hpp"

#include "protocol/server_parser.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <random>

namespace troupe::cli {
namespace {

using clock = std::chrono::steady_clock;
constexpr size_t write_when_queued = 64 * 1024;

/// These say that the connection ends for a reason that a new one may not have.
bool is_worth_reconnecting(std::string_view text) {
  for (auto part : {"Stale Connection", "stale connection", "Authentication Expired", "Slow"})
    if (text.find(part) != text.npos)
      return true;
  return false;
}

} // namespace

/// What the client listens for on a logged-in connection.
struct client::ear {
  client& self;
  protocol::server_stream_error broken = protocol::server_stream_error::none;

  void on_info(std::string_view json) { read_info(json, self.session_.info); }
  void on_message(const protocol::server_message& msg) { self.accept(msg); }
  void on_ping() { self.queued_ += "PONG\r\n"; }
  void on_pong() { ++self.pongs_heard_; }
  void on_ok() {}
  void on_err(std::string_view text) { self.hear_error(text); }
  void on_broken(protocol::server_stream_error code) { broken = code; }
};

client::client(connect_options options, int stop_fd)
    : options_{std::move(options)}, stop_fd_{stop_fd} {}

void client::accept(const protocol::server_message& msg) {
  uint64_t id = 0;
  std::from_chars(msg.sid.data(), msg.sid.data() + msg.sid.size(), id);
  auto at = interests_.find(id);
  if (at == interests_.end())
    return; // it was on its way when we unsubscribed
  inbox_.push_back({id, std::string{msg.subject}, std::string{msg.reply}, std::string{msg.headers},
                    std::string{msg.payload}});
  if (++at->second.received == at->second.max)
    interests_.erase(at);
}

void client::hear_error(std::string_view text) {
  last_words_ = text;
  if (!is_worth_reconnecting(text))
    refusal_ = explain_server_error(text, options_, session_.where);
}

outcome client::connect() {
  if (auto wrong = open_any_session(options_, tls_, session_, stop_fd_))
    return wrong;
  pings_sent_ = pongs_heard_ = 0;
  refusal_.reset();
  last_words_.clear();
  return std::nullopt;
}

outcome client::publish(std::string_view subject, std::string_view payload, std::string_view reply,
                        const header_list& headers) {
  auto block = write_header_block(headers);
  auto total = block.size() + payload.size();
  if (session_.info.max_payload >= 0 && total > static_cast<uint64_t>(session_.info.max_payload))
    return problem{fmt::format("the message has {} bytes, {} takes at most {}", total,
                               session_.where.show(), session_.info.max_payload),
                   "the server's max_payload is the limit"};
  if (!block.empty() && !session_.info.headers)
    return problem{fmt::format("{} takes no headers", session_.where.show()), "drop --header"};
  auto to = std::back_inserter(queued_);
  fmt::format_to(to, "{}PUB {} {}{}", block.empty() ? "" : "H", subject, reply,
                 reply.empty() ? "" : " ");
  if (!block.empty())
    fmt::format_to(to, "{} ", block.size());
  fmt::format_to(to, "{}\r\n", total);
  queued_.append(block).append(payload).append("\r\n");
  if (queued_.size() < write_when_queued)
    return std::nullopt;
  return write_queued(clock::now() + options_.timeout);
}

void client::queue_subscription(uint64_t id, const interest& what) {
  auto to = std::back_inserter(queued_);
  fmt::format_to(to, "SUB {} {}{}{}\r\n", what.subject, what.queue, what.queue.empty() ? "" : " ",
                 id);
  if (what.max != 0)
    fmt::format_to(to, "UNSUB {} {}\r\n", id, what.max - what.received);
}

outcome client::subscribe(std::string_view subject, std::string_view queue, uint64_t& id) {
  id = ++last_id_;
  auto& what = interests_[id];
  what.subject = subject;
  what.queue = queue;
  queue_subscription(id, what);
  return std::nullopt;
}

outcome client::unsubscribe(uint64_t id, uint64_t max) {
  auto at = interests_.find(id);
  if (at == interests_.end())
    return std::nullopt;
  if (max == 0) {
    fmt::format_to(std::back_inserter(queued_), "UNSUB {}\r\n", id);
    interests_.erase(at);
    return std::nullopt;
  }
  at->second.max = max;
  fmt::format_to(std::back_inserter(queued_), "UNSUB {} {}\r\n", id, max);
  if (at->second.received >= max)
    interests_.erase(at);
  return std::nullopt;
}

outcome client::lost(std::string why) {
  session_.link.close();
  queued_.clear();
  if (refusal_)
    return refusal_; // stays until somebody takes it, or until we are connected again
  if (!last_words_.empty())
    why = last_words_;
  return problem{fmt::format("the connection to {} is lost: {}", session_.where.show(), why), ""};
}

outcome client::take_refusal() {
  outcome out;
  out.swap(refusal_);
  return out;
}

outcome client::write_queued(steady_time deadline) {
  std::string_view rest = queued_;
  while (!rest.empty()) {
    auto sent = session_.link.write_some(rest.data(), rest.size());
    switch (sent.state) {
    case io_state::done: rest.remove_prefix(sent.bytes); break;
    case io_state::want_read:
    case io_state::want_write:
      if (!session_.link.wait(sent.state, deadline, stop_fd_))
        return lost("it does not take what we send");
      break;
    case io_state::closed:
    case io_state::failed:
      (void)read_available(); // the server's last words explain more than a broken pipe
      return lost(session_.link.last_error());
    }
  }
  queued_.clear();
  return std::nullopt;
}

outcome client::read_available() {
  char block[65536];
  ear hears{*this};
  for (;;) {
    auto got = session_.link.read_some(block, sizeof block);
    if (got.state == io_state::want_read || got.state == io_state::want_write)
      return std::nullopt;
    if (got.state == io_state::closed)
      return lost("the server closed it");
    if (got.state == io_state::failed)
      return lost(session_.link.last_error());
    session_.unread.append(block, got.bytes);
    session_.unread.erase(0, protocol::parse_server_stream(session_.unread, {}, hears));
    if (hears.broken != protocol::server_stream_error::none)
      return lost(std::string{describe(hears.broken)});
    if (inbox_.size() > 1000)
      return std::nullopt; // hand these out first
  }
}

outcome client::flush(std::chrono::nanoseconds timeout) {
  auto deadline = clock::now() + timeout;
  if (!session_.link.is_open())
    return lost("it was closed before");
  queued_ += "PING\r\n";
  auto wanted = ++pings_sent_;
  if (auto wrong = write_queued(deadline))
    return wrong;
  for (;;) {
    if (auto wrong = read_available())
      return wrong;
    if (pongs_heard_ >= wanted)
      return take_refusal();
    if (auto wrong = write_queued(deadline))
      return wrong;
    if (!session_.link.wait(io_state::want_read, deadline, stop_fd_))
      return problem{fmt::format("{} did not answer a PING within {} ms", session_.where.show(),
                                 timeout.count() / 1'000'000),
                     ""};
  }
}

outcome client::next(message& out, steady_time deadline, arrival& how) {
  for (;;) {
    if (!inbox_.empty()) {
      out = std::move(inbox_.front());
      inbox_.pop_front();
      how = arrival::message;
      return std::nullopt;
    }
    outcome wrong;
    if (session_.link.is_open())
      wrong = write_queued(deadline);
    if (!wrong && session_.link.is_open())
      wrong = read_available();
    if (auto refused = take_refusal())
      return refused;
    if (!inbox_.empty())
      continue;
    if (!session_.link.is_open()) {
      if (wrong && tell_)
        tell_(wrong->text);
      if (auto gone = reconnect(deadline))
        return gone;
      continue;
    }
    if (!queued_.empty())
      continue;
    if (session_.link.wait(io_state::want_read, deadline, stop_fd_))
      continue;
    pollfd stop{stop_fd_, POLLIN, 0};
    how = stop_fd_ >= 0 && poll(&stop, 1, 0) > 0 ? arrival::stopped : arrival::timeout;
    return std::nullopt;
  }
}

bool client::nap(std::chrono::nanoseconds length) const {
  pollfd stop{stop_fd_, POLLIN, 0};
  auto millis = std::chrono::ceil<std::chrono::milliseconds>(length).count();
  return poll(&stop, stop_fd_ < 0 ? 0 : 1, static_cast<int>(millis)) == 0;
}

outcome client::reconnect(steady_time deadline) {
  std::minstd_rand dice{std::random_device{}()};
  std::chrono::nanoseconds pause = std::chrono::milliseconds{100};
  outcome last;
  for (uint32_t attempt = 0; attempt < reconnect_limit_; ++attempt) {
    if (attempt > 0 || clock::now() >= deadline) {
      auto jitter = pause * static_cast<int64_t>(dice() % 64) / 128; // up to half of it
      auto length = std::min<std::chrono::nanoseconds>(pause + jitter, deadline - clock::now());
      if (length <= length.zero() || !nap(length))
        return last ? last : problem{"stopped before the connection was back", ""};
      pause = std::min<std::chrono::nanoseconds>(pause * 2, std::chrono::seconds{5});
    }
    last = connect();
    if (last)
      continue;
    queued_.clear();
    for (const auto& [id, what] : interests_)
      queue_subscription(id, what);
    last = flush(options_.timeout);
    if (!session_.link.is_open())
      continue;
    refusal_ = last; // a subscription that is no longer allowed: next() tells
    if (tell_)
      tell_(fmt::format("connected again to {}", session_.where.show()));
    return std::nullopt;
  }
  return last ? last : problem{"the connection is lost", ""};
}

std::string client::new_inbox() {
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  unsigned char noise[22];
  RAND_bytes(noise, sizeof noise);
  std::string out = "_INBOX.";
  for (auto byte : noise)
    out.push_back(letters[byte % letters.size()]);
  return out;
}

} // namespace troupe::cli
