// test/stress/queue_groups.cpp: groups whose members come and go while three clients publish.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"
#include "payload.hpp"

#include <array>
#include <random>

namespace troupe::stress {
namespace {

constexpr size_t publishers = 3;
constexpr size_t groups = 4;
constexpr size_t steady_members = 2; // of each group
constexpr size_t guests = 3;         // of each group: they come and go
constexpr uint64_t most_in_flight = 100'000;

/// Which numbers of each publisher were seen.
class seen_numbers {
public:
  /// False: not for the first time.
  bool note(const origin& from) {
    auto& bits = seen_[from.publisher];
    if (bits.size() <= from.number)
      bits.resize(std::max<size_t>(from.number + 1, bits.size() * 2));
    bool fresh = !bits[from.number];
    bits[from.number] = true;
    count += fresh;
    return fresh;
  }
  uint64_t count = 0;

private:
  std::array<std::vector<bool>, publishers> seen_;
};

struct guest {
  std::unique_ptr<client> line;
  size_t group = 0;
  uint64_t sid = 1;
  uint64_t left = 0;    ///< messages until it goes
  bool limited = false; ///< the broker ends its membership
  bool leaving = false;
};

class queue_play {
public:
  queue_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(300'000, 10'000'000)} {}

  void play() {
    open();
    out_.check(hub_.run([&] { return all_in_step(steady_); }), "SUBs are answered");
    bool through =
        hub_.run([&] { return out_.failures() > 100 || (sent_ == target_ && settled()); },
                 [&] {
                   welcome_back();
                   publish_some();
                 });
    for (size_t i = 0; i < groups; ++i)
      out_.check(by_group_[i].count == sent_, "group {} gets all {} messages, not {}", i, sent_,
                 by_group_[i].count);
    out_.check(through && plain_ == 2 * sent_, "plain subscribers get all {}, not {}", 2 * sent_,
               plain_);
    out_.note(fmt::format("{} messages to {} groups, {} members came and went, {} of them cleanly "
                          "with their connection, {} by a maximum",
                          sent_, groups, departures_, disconnects_, limits_));
    steady_.clear();
    guests_.clear();
    under_test_.judge_end(out_);
  }

private:
  static std::string name_of(size_t group) { return fmt::format("g{}", group); }

  void open() {
    for (size_t i = 0; i < publishers + 2 + groups * steady_members; ++i)
      steady_.push_back(std::make_unique<client>(hub_, under_test_.port()));
    for (size_t i = publishers; i < steady_.size(); ++i) {
      auto& line = *steady_[i];
      auto nth = i - publishers;
      if (nth < 2) { // not in a group; in order, too
        line.subscribe("queue.>", 1);
        line.on_message = [this, nth](const message& got) { judge_plain(nth, got); };
      } else {
        auto group = (nth - 2) % groups;
        line.subscribe(group % 2 == 0 ? "queue.*" : "queue.>", 1, name_of(group));
        line.on_message = [this, group](const message& got) { judge(group, got); };
      }
    }
    for (auto& line : steady_)
      line->ping();
    guests_.resize(groups * guests);
    for (size_t i = 0; i < guests_.size(); ++i) {
      guests_[i].group = i % groups;
      arrive(guests_[i]);
    }
  }

  static bool all_in_step(const std::vector<std::unique_ptr<client>>& which) {
    return std::all_of(which.begin(), which.end(),
                       [](const auto& line) { return line->in_step(); });
  }

  bool settled() const {
    auto all = plain_ == 2 * sent_;
    for (const auto& group : by_group_)
      all = all && group.count == sent_;
    return all;
  }

  void publish_some() {
    auto slowest = plain_ / 2;
    for (const auto& group : by_group_)
      slowest = std::min(slowest, group.count);
    for (size_t i = 0; i < publishers; ++i)
      for (int n = 0; n < 200 && sent_ < target_ && sent_ - slowest < most_in_flight; ++n) {
        write_payload(payload_, {static_cast<uint32_t>(i), numbers_[i]++},
                      random_() % 50 == 0 ? 1500 : 24);
        steady_[i]->publish("queue.a", payload_);
        ++sent_;
      }
  }

  void judge_plain(size_t which, const message& got) {
    ++plain_;
    auto from = read_payload(got.payload);
    if (!out_.check(from && from->publisher < publishers, "a message is whole"))
      return;
    auto& next = plain_next_[which][from->publisher];
    out_.check(from->number == next, "a plain subscriber gets {} next, not {}", next, from->number);
    next = from->number + 1;
  }

  void judge(size_t group, const message& got) {
    auto from = read_payload(got.payload);
    if (!out_.check(from && from->publisher < publishers, "a message is whole"))
      return;
    out_.check(by_group_[group].note(*from), "group {} gets {} of publisher {} only once", group,
               from->number, from->publisher);
  }

  // -- guests: SUB, some messages, UNSUB and PING, the rest of the messages until the PONG
  // ---------

  void arrive(guest& who) {
    if (!who.line || !who.line->open()) {
      who.line = std::make_unique<client>(hub_, under_test_.port());
      who.line->on_message = [this, &who](const message& got) { receive(who, got); };
      who.line->on_pong = [this, &who] { departed(who); };
    }
    who.leaving = false;
    who.left = 1 + random_() % 60;
    who.line->subscribe("queue.*", ++who.sid, name_of(who.group));
    who.limited = random_() % 4 == 0;
    if (who.limited) {
      who.line->unsubscribe(who.sid, who.left);
      ++limits_;
    }
  }

  void receive(guest& who, const message& got) {
    out_.check(got.sid == who.sid, "nothing comes for a subscription after the PONG to its UNSUB");
    judge(who.group, got);
    if (who.left > 0)
      --who.left;
    else
      out_.check(!who.limited, "a member with a maximum gets no more");
    if (who.left > 0 || who.leaving)
      return;
    if (!who.limited)
      who.line->unsubscribe(who.sid);
    who.leaving = true;
    who.line->ping();
  }

  void departed(guest& who) {
    ++departures_;
    if (sent_ == target_)
      return;
    if (random_() % 3 == 0) {
      ++disconnects_;
      returning_.push_back(&who); // not from inside its own callback
    } else {
      arrive(who);
    }
  }

  void welcome_back() {
    for (auto* who : returning_) {
      who->line.reset();
      arrive(*who);
    }
    returning_.clear();
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  std::vector<std::unique_ptr<client>> steady_; // publishers, plain subscribers, members
  std::vector<guest> guests_;
  std::vector<guest*> returning_;
  std::array<seen_numbers, groups> by_group_;
  std::array<std::array<uint64_t, publishers>, 2> plain_next_{};
  std::array<uint64_t, publishers> numbers_{};
  std::string payload_;
  uint64_t sent_ = 0, plain_ = 0, departures_ = 0, disconnects_ = 0, limits_ = 0;
};

} // namespace

void queue_groups(const settings& wish, report& out) {
  queue_play{wish, out}.play();
}

} // namespace troupe::stress
