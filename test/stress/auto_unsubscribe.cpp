// test/stress/auto_unsubscribe.cpp: a maximum of messages, under several publishers at once.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"

#include <array>
#include <random>

namespace troupe::stress {
namespace {

constexpr size_t publishers = 4;
constexpr size_t subscribers = 24;
constexpr size_t messages_a_turn = 16; // of each publisher to each subscription, per PONG
constexpr uint64_t none = ~uint64_t{0};

/// One subscription from its SUB to the proof that nothing more comes. Nobody publishes to its
/// subject before the PONG to its first limit: without that no server could count exactly.
struct trial {
  enum class stage { opening, running, changing, proving };
  std::unique_ptr<client> line;
  stage now = stage::opening;
  uint64_t sid = 0;
  uint64_t received = 0;
  uint64_t first_limit = none; ///< in force until `limit` is
  uint64_t limit = 0;
  uint64_t change_after = 0; ///< messages until `limit` is set; 0: before any
  bool changed_late = false; ///< the first limit, or more than `limit`, may have been reached
};

class limit_play {
public:
  limit_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(4'000, 100'000)}, trials_(subscribers) {}

  void play() {
    for (auto& each : trials_) {
      each.line = std::make_unique<client>(hub_, under_test_.port());
      each.line->on_message = [this, &each](const message& got) { received(each, got); };
      each.line->on_pong = [this, &each] { ponged(each); };
      begin(each);
    }
    for (auto& line : publishers_)
      line = std::make_unique<client>(hub_, under_test_.port());
    bool through = hub_.run([&] { return out_.failures() > 100 || rounds_ >= target_; },
                            [&] { publish_some(); });
    out_.check(through, "every subscription gets as many as its maximum: {} of {} did", rounds_,
               target_);
    if (!through)
      for (const auto& each : trials_)
        out_.note(fmt::format("sid {}: {} of {} (first {})", each.sid, each.received, each.limit,
                              each.first_limit));
    out_.note(fmt::format("{} subscriptions, {} with a late change", rounds_, changes_));
    trials_.clear();
    for (auto& line : publishers_)
      line.reset();
    under_test_.judge_end(out_);
  }

private:
  std::string subject_of(const trial& each) const {
    return fmt::format("limit.{}.{}", &each - trials_.data(), each.sid);
  }

  void begin(trial& each) {
    auto& line = *each.line;
    ++each.sid;
    each.now = trial::stage::opening;
    each.received = each.change_after = 0;
    each.changed_late = false;
    each.first_limit = none;
    each.limit = 1 + random_() % 200;
    line.subscribe(subject_of(each), each.sid, random_() % 4 == 0 ? "q" : "");
    switch (random_() % 4) {
    case 0: line.unsubscribe(each.sid, each.limit); break;
    case 1: // raised or lowered before anything could be delivered
      line.unsubscribe(each.sid, 1 + random_() % 300);
      line.unsubscribe(each.sid, each.limit);
      break;
    case 2: // raised while messages come
      each.first_limit = each.limit;
      line.unsubscribe(each.sid, each.first_limit);
      each.limit += 1 + random_() % 300;
      each.change_after = 1 + random_() % each.first_limit;
      break;
    default: // set while messages come
      each.limit += 50;
      each.change_after = 1 + random_() % 20;
      break;
    }
    line.ping();
  }

  void received(trial& each, const message& got) {
    if (!out_.check(got.sid == each.sid, "nothing comes for sid {} when it has had its maximum",
                    got.sid))
      return;
    ++each.received;
    bool free = each.first_limit == none && each.change_after > 0
                && (each.now == trial::stage::changing || each.changed_late
                    || each.received <= each.change_after);
    out_.check(free || each.received <= each.limit, "sid {} gets {} messages, not {} (first {})",
               each.sid, each.limit, each.received, each.first_limit);
    if (each.now == trial::stage::running && each.received == each.change_after) {
      each.line->unsubscribe(each.sid, each.limit);
      each.line->ping();
      each.now = trial::stage::changing;
      ++changes_;
    }
    prove_if_full(each);
  }

  void prove_if_full(trial& each) {
    if (each.now != trial::stage::running)
      return;
    if (each.changed_late)
      each.line->unsubscribe(each.sid); // it may stand at the first limit or go on to the second
    else if (each.received < each.limit)
      return;
    each.now = trial::stage::proving;
    each.line->ping();
  }

  void ponged(trial& each) {
    switch (each.now) {
    case trial::stage::opening: each.now = trial::stage::running; return;
    case trial::stage::running: return;
    case trial::stage::changing: // what has come by now may have come before the change
      each.now = trial::stage::running;
      each.changed_late = each.received >= std::min(each.first_limit, each.limit);
      prove_if_full(each);
      return;
    case trial::stage::proving:
      ++rounds_;
      begin(each);
      return;
    }
  }

  void publish_some() {
    for (auto& line : publishers_) {
      if (!line->in_step())
        continue;
      for (const auto& each : trials_)
        if (each.now != trial::stage::opening)
          for (size_t i = 0; i < messages_a_turn; ++i)
            line->publish(subject_of(each), "x");
      line->ping();
    }
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  uint64_t rounds_ = 0, changes_ = 0;
  std::vector<trial> trials_;
  std::array<std::unique_ptr<client>, publishers> publishers_;
};

} // namespace

void auto_unsubscribe(const settings& wish, report& out) {
  limit_play{wish, out}.play();
}

} // namespace troupe::stress
