// cli/bench_subscriber.cpp: counts what arrives, fast, without believing it.
#include "cli/bench_subscriber.hpp"

#include "cli/bench_publisher.hpp"
#include "protocol/server_parser.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstring>

namespace troupe::cli {

/// What a subscriber listens for while it parses.
struct bench_subscriber::ear {
  bench_subscriber& self;

  void on_info(std::string_view) {}
  void on_message(const protocol::server_message& msg) {
    bool headers = !msg.headers.empty();
    const char* begin = msg.subject.data() - (headers ? 5 : 4);
    auto size = static_cast<size_t>(msg.payload.data() + msg.payload.size() + 2 - begin);
    if (msg.payload.size() != self.plan_.size)
      wrong(
          {fmt::format("a message has {} bytes instead of {}", msg.payload.size(), self.plan_.size),
           "does somebody else publish to this subject?"});
    self.message_size_ = size;
    self.lead_ = headers ? 'H' : 'M';
    ++self.received_;
    self.bytes_ += size;
    if (self.plan_.verify)
      self.check_stamp(msg.payload);
  }
  void on_ping() { self.answers_ += "PONG\r\n"; }
  void on_pong() {}
  void on_ok() {}
  void on_err(std::string_view text) {
    wrong(explain_server_error(text, self.plan_.connection, self.session_.where));
  }
  void on_broken(protocol::server_stream_error code) { wrong({std::string{describe(code)}, ""}); }
  void wrong(problem why) {
    if (!self.failed_)
      self.why_ = std::move(why);
    self.failed_ = true;
  }
};

bench_subscriber::bench_subscriber(const load_plan& plan, session opened, uint64_t expected)
    : plan_{plan}, session_{std::move(opened)}, expected_{expected} {
  if (plan.verify)
    next_numbers_.resize(plan.publishers);
  if (plan.bare_relay) { // what comes is what the publisher wrote
    message_size_ = publish_block{plan, 0}.message_size();
    lead_ = plan.headers ? 'H' : 'P';
  }
}

void bench_subscriber::check_stamp(std::string_view payload) {
  uint64_t publisher = 0;
  uint64_t number = 0;
  std::from_chars(payload.data(), payload.data() + 4, publisher, 16);
  std::from_chars(payload.data() + 4, payload.data() + stamp_size, number, 16);
  ear hears{*this};
  if (publisher >= next_numbers_.size())
    return hears.wrong(
        {fmt::format("a message of publisher {}, whom nobody knows", publisher), ""});
  auto& next = next_numbers_[publisher];
  // A member of a queue group sees gaps, but never a step back.
  if (number < next || (plan_.queue.empty() && number != next))
    return hears.wrong(
        {fmt::format("publisher {}: message {} came where {} was due", publisher, number, next),
         "messages were lost, doubled or changed their order"});
  next = number + 1;
}

size_t bench_subscriber::count_by_length(std::string_view in) {
  auto step = message_size_;
  size_t count = in.size() / step;
  const char* at = in.data();
  size_t good = 0;
  while (good < count && at[0] == lead_ && at[step - 1] == '\n') {
    at += step;
    ++good;
  }
  received_ += good;
  bytes_ += good * step;
  return good * step;
}

size_t bench_subscriber::consume(std::string_view in) {
  bool exact = plan_.verify || message_size_ == 0;
  size_t done = exact ? 0 : count_by_length(in);
  if (plan_.bare_relay || done == in.size())
    return done;
  if (!exact && in.size() - done < message_size_ && in[done] == lead_)
    return done; // the beginning of one more message
  ear hears{*this};
  return done + protocol::parse_server_stream(in.substr(done), {}, hears);
}

bench_subscriber::read_result bench_subscriber::read(std::vector<char>& scratch) {
  auto carried = session_.unread.size();
  std::memcpy(scratch.data(), session_.unread.data(), carried);
  auto room = scratch.size() - carried;
  auto got = session_.link.read_some(scratch.data() + carried, room);
  if (got.state == io_state::want_read || got.state == io_state::want_write)
    return read_result::drained;
  if (got.state != io_state::done) {
    why_ = {fmt::format("{} closed a subscriber's connection after {} messages",
                        session_.where.show(), received_),
            "a slow consumer is cut by the server; its log says why"};
    return read_result::failed;
  }
  std::string_view in{scratch.data(), carried + got.bytes};
  auto used = consume(in);
  session_.unread.assign(in.substr(used));
  if (!answers_.empty()) {
    auto sent = session_.link.write_some(answers_.data(), answers_.size());
    answers_.erase(0, sent.bytes);
  }
  if (failed_)
    return read_result::failed;
  // A short read of a plain socket emptied it; TLS hands out one record at a time.
  return got.bytes < room && !session_.link.is_tls() ? read_result::drained : read_result::again;
}

} // namespace troupe::cli
