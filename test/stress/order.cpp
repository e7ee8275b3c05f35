// test/stress/order.cpp: many publishers, many subscribers, wildcards, all sizes: order and number.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "payload.hpp"

#include <array>
#include <random>

namespace troupe::stress {
namespace {

constexpr size_t publishers = 4;
constexpr size_t subjects = 8;
/// Bytes on their way through the broker: far above where it slows publishers down, far below
/// where it cuts subscribers.
constexpr uint64_t most_in_flight = 24 * 1024 * 1024;
constexpr size_t most_unsent = 128 * 1024;

constexpr std::array patterns{"order.0.x", "order.1.x", "order.2.x", "order.3.x",
                              "order.4.x", "order.5.x", "order.6.x", "order.7.x",
                              "order.*.x", "order.>",   "*.3.x",     ">"};

bool matches(size_t pattern, size_t subject) {
  return pattern >= 8 ? pattern != 10 || subject == 3 : pattern == subject;
}

/// What one subscription has seen: the next number of each publisher on each subject.
struct watched {
  size_t pattern = 0;
  std::array<uint64_t, publishers * subjects> next{};
};

struct subscriber {
  std::unique_ptr<client> line;
  std::vector<watched> subscriptions; // sid is the index
};

class order_play {
public:
  order_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(200'000, 10'000'000)} {}

  void play() {
    open();
    out_.check(hub_.run([&] { return all_in_step(); }), "SUBs are answered");
    bool through = hub_.run(
        [&] { return out_.failures() > 100 || (sent_ == target_ && received_ == expected_); },
        [&] {
          for (size_t i = 0; i < publishers; ++i)
            publish_some(i);
        });
    out_.check(through, "every message arrives: {} of {}", received_, expected_);
    for (auto& each : everybody_)
      each.line->ping();
    out_.check(hub_.run([&] { return all_in_step(); }), "PINGs after the messages are answered");
    out_.check(received_ == expected_, "no message is doubled: {} instead of {}", received_,
               expected_);
    for (auto& each : everybody_)
      out_.check(each.line->open() && each.line->errors().empty(), "nobody is cut: {}",
                 each.line->errors());
    out_.note(fmt::format("{} messages, {} deliveries, {:.0f} deliveries/s, broker's memory {} MiB",
                          sent_, received_, static_cast<double>(received_) / out_.seconds(),
                          under_test_.memory() >> 20));
    for (auto& each : everybody_)
      each.line->close();
    under_test_.judge_end(out_);
  }

private:
  /// Publishers subscribe, too: what a client sends to itself takes a way of its own.
  void open() {
    for (size_t i = 0; i < publishers; ++i)
      open_subscriber({{8 + i % 3}});
    for (size_t i = 0; i < 8; i += 2)
      open_subscriber({{i}, {i + 1}});
    open_subscriber({{8}});
    open_subscriber({{9}, {3}, {10}});
    open_subscriber({{11}});
  }

  void open_subscriber(std::vector<watched> which) {
    auto at = everybody_.size();
    everybody_.push_back({std::make_unique<client>(hub_, under_test_.port()), std::move(which)});
    auto& line = *everybody_[at].line;
    line.on_message = [this, at](const message& got) { judge(everybody_[at], got); };
    for (size_t sid = 0; sid < everybody_[at].subscriptions.size(); ++sid)
      line.subscribe(patterns[everybody_[at].subscriptions[sid].pattern], sid);
    line.ping();
  }

  bool all_in_step() const {
    return std::all_of(everybody_.begin(), everybody_.end(),
                       [](const auto& each) { return each.line->in_step(); });
  }

  void publish_some(size_t which) {
    auto& line = *everybody_[which].line;
    while (sent_ < target_ && line.unsent() < most_unsent && in_flight_ < most_in_flight) {
      auto subject = random_() % subjects;
      auto number = numbers_[which][subject]++;
      write_payload(payload_, {static_cast<uint32_t>(which), number}, some_size());
      line.publish(fmt::format("order.{}.x", subject), payload_);
      ++sent_;
      for (auto& each : everybody_)
        for (auto& sub : each.subscriptions)
          if (matches(sub.pattern, subject)) {
            ++expected_;
            in_flight_ += payload_.size() + 64;
          }
    }
  }

  /// Mostly short; some that are not copied, a few that do not fit into one read.
  size_t some_size() {
    auto dice = random_() % 1000;
    if (dice < 900)
      return smallest_payload + random_() % 100;
    if (dice < 990)
      return 900 + random_() % 2000;
    return dice < 999 ? 8192 + random_() % 30000 : 60000 + random_() % 200000;
  }

  void judge(subscriber& who, const message& got) {
    ++received_;
    in_flight_ -= std::min<uint64_t>(in_flight_, got.payload.size() + 64);
    auto from = read_payload(got.payload);
    bool ours = from && from->publisher < publishers && got.sid < who.subscriptions.size()
                && got.subject.size() == 9 && got.subject[6] >= '0' && got.subject[6] < '8';
    if (!out_.check(ours, "a message is whole: {} {}", got.subject, got.payload.substr(0, 40)))
      return;
    auto& sub = who.subscriptions[got.sid];
    auto subject = static_cast<size_t>(got.subject[6] - '0');
    auto& next = sub.next[from->publisher * subjects + subject];
    out_.check(matches(sub.pattern, subject), "{} gets no message to {}", patterns[sub.pattern],
               got.subject);
    out_.check(from->number == next, "on {} comes {} of publisher {} to {}, not {}",
               patterns[sub.pattern], next, from->publisher, got.subject, from->number);
    next = from->number + 1;
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  std::vector<subscriber> everybody_; // the publishers come first
  std::array<std::array<uint64_t, subjects>, publishers> numbers_{};
  std::string payload_;
  uint64_t sent_ = 0, expected_ = 0, received_ = 0, in_flight_ = 0;
};

} // namespace

void order(const settings& wish, report& out) {
  order_play{wish, out}.play();
}

} // namespace troupe::stress
