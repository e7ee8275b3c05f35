// cli/bench_publisher.cpp: keeps one socket full of publishes.
#include "cli/bench_publisher.hpp"

#include "protocol/server_parser.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace troupe::cli {
namespace {

constexpr std::string_view header_block = "NATS/1.0\r\nBench: 1\r\n\r\n";
constexpr int blocks_per_step = 8; // then the thread's other publishers get their turn

void write_hex(char* to, size_t digits, uint64_t value) {
  for (size_t i = digits; i-- > 0; value >>= 4)
    to[i] = "0123456789abcdef"[value & 15];
}

} // namespace

publish_block::publish_block(const load_plan& plan, uint32_t publisher) : publisher_{publisher} {
  auto subjects = plan.subjects_of(publisher);
  auto sizes = plan.headers
                   ? fmt::format("{} {}", header_block.size(), header_block.size() + plan.size)
                   : std::to_string(plan.size);
  auto add = [&](const std::string& subject) {
    bytes_.append(plan.headers ? "HPUB " : "PUB ").append(subject).append(" ").append(sizes);
    bytes_.append("\r\n").append(plan.headers ? header_block : "");
    payload_at_ = bytes_.size();
    for (size_t i = 0; i < plan.size; ++i)
      bytes_.push_back(static_cast<char>('a' + i % 26));
    bytes_.append("\r\n");
  };
  add(subjects[0]);
  message_size_ = bytes_.size();
  auto rounds = std::max<size_t>(plan.block_size / message_size_ / subjects.size(), 1);
  auto payload_at = payload_at_;
  bytes_.reserve(rounds * subjects.size() * message_size_);
  for (size_t i = 1; i < rounds * subjects.size(); ++i)
    add(subjects[i % subjects.size()]);
  payload_at_ = payload_at;
}

void publish_block::number(uint64_t first, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    auto* stamp = bytes_.data() + i * message_size_ + payload_at_;
    write_hex(stamp, 4, publisher_);
    write_hex(stamp + 4, stamp_size - 4, first + i);
  }
}

/// What a publisher listens for.
struct bench_publisher::ear {
  bench_publisher& self;
  bool pong = false;
  outcome wrong;

  void on_info(std::string_view) {}
  void on_message(const protocol::server_message&) {}
  void on_ping() { self.small_ += "PONG\r\n"; }
  void on_pong() { pong = true; }
  void on_ok() {}
  void on_err(std::string_view text) {
    wrong = explain_server_error(text, self.plan_.connection, self.session_.where);
  }
  void on_broken(protocol::server_stream_error code) {
    wrong = problem{std::string{describe(code)}, ""};
  }
};

bench_publisher::bench_publisher(const load_plan& plan, uint32_t number, session opened,
                                 std::atomic<uint64_t>& progress)
    : plan_{plan}, session_{std::move(opened)}, block_{plan, number}, progress_{progress},
      left_{plan.share_of_publisher(number)} {
  begin_block();
}

void bench_publisher::begin_block() {
  in_block_ = static_cast<size_t>(std::min<uint64_t>(left_, block_.messages()));
  written_ = 0;
  if (plan_.verify)
    block_.number(next_number_, in_block_);
  next_number_ += in_block_;
}

bench_publisher::step_result bench_publisher::failed(problem why) {
  why_ = std::move(why);
  return step_result::failed;
}

bench_publisher::step_result bench_publisher::write() {
  if (first_write_ == steady_time{})
    first_write_ = std::chrono::steady_clock::now();
  for (int turn = 0; turn < blocks_per_step; ++turn) {
    bool small = written_ == 0 && !small_.empty();
    if (!small && in_block_ == 0) {
      if (plan_.bare_relay)
        return step_result::done;
      if (asked_)
        return step_result::waiting;
      small_ += "PING\r\n";
      asked_ = true;
      continue;
    }
    auto size = in_block_ * block_.message_size();
    auto sent = small ? session_.link.write_some(small_.data(), small_.size())
                      : session_.link.write_some(block_.data() + written_, size - written_);
    if (sent.state == io_state::want_write || sent.state == io_state::want_read)
      return step_result::blocked;
    if (sent.state != io_state::done) {
      if (auto heard = read(); heard == step_result::failed)
        return heard; // the server's last words explain more
      return failed({fmt::format("{} closed a publisher's connection ({})", session_.where.show(),
                                 session_.link.last_error()),
                     ""});
    }
    if (small) {
      small_.erase(0, sent.bytes);
      continue;
    }
    written_ += sent.bytes;
    bytes_ += sent.bytes;
    if (written_ < size)
      continue;
    progress_.fetch_add(in_block_, std::memory_order_relaxed);
    left_ -= in_block_;
    begin_block();
  }
  return step_result::again;
}

bench_publisher::step_result bench_publisher::read() {
  char block[16384];
  ear hears{*this, false, std::nullopt};
  for (;;) {
    auto got = session_.link.read_some(block, sizeof block);
    if (got.state == io_state::want_read || got.state == io_state::want_write)
      return step_result::again;
    if (got.state != io_state::done)
      return failed({fmt::format("{} closed a publisher's connection", session_.where.show()), ""});
    session_.unread.append(block, got.bytes);
    session_.unread.erase(0, protocol::parse_server_stream(session_.unread, {}, hears));
    if (hears.wrong)
      return failed(*hears.wrong);
    if (hears.pong) {
      last_pong_ = std::chrono::steady_clock::now();
      return step_result::done;
    }
  }
}

} // namespace troupe::cli
