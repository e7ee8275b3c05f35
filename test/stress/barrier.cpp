// test/stress/barrier.cpp: what a PONG after SUB or UNSUB promises to a publisher elsewhere.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"

#include <array>
#include <random>

namespace troupe::stress {
namespace {

constexpr size_t pairs = 16;

/// A subscribes, and when it has its PONG, B publishes: it must arrive. A unsubscribes, and when it
/// has its PONG, B publishes again: it must not. Absence is proved by A's next PONG, asked for when
/// B's PONG has shown that its publish took effect.
struct pair_of_clients {
  enum class step { subscribing, published, unsubscribing, published_in_vain, looking };
  std::unique_ptr<client> a;
  client* b = nullptr; // somebody's a
  step now = step::subscribing;
  uint64_t round = 0;
  bool arrived = false;
};

class barrier_play {
public:
  barrier_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(20'000, 100'000)}, pairs_(pairs) {}

  void play() {
    for (auto& pair : pairs_) {
      pair.a = std::make_unique<client>(hub_, under_test_.port());
      publishers_.push_back(std::make_unique<client>(hub_, under_test_.port()));
    }
    for (size_t i = 0; i < pairs; ++i) {
      auto& pair = pairs_[i];
      pair.a->on_message = [this, &pair](const message& got) { arrived(pair, got); };
      pair.a->on_pong = [this, &pair] { ponged(pair); };
      publishers_[i]->on_pong = [this, i] { published(i); };
      begin(pair);
    }
    bool through = hub_.run([&] { return out_.failures() > 100 || rounds_ >= target_; },
                            [&] { make_noise(); });
    out_.check(through, "no round gets stuck: {} of {}", rounds_, target_);
    out_.note(
        fmt::format("{} rounds, {:.0f}/s", rounds_, static_cast<double>(rounds_) / out_.seconds()));
    for (auto& pair : pairs_)
      pair.a->close();
    publishers_.clear();
    under_test_.judge_end(out_);
  }

private:
  using step = pair_of_clients::step;

  std::string subject_of(const pair_of_clients& pair) const {
    // Few subjects: what publishers remember of them must be found out of date each time.
    return fmt::format("barrier.{}.{}", &pair - pairs_.data(), pair.round % 4);
  }

  void begin(pair_of_clients& pair) {
    ++pair.round;
    pair.arrived = false;
    pair.now = step::subscribing;
    auto subject = subject_of(pair);
    if (pair.round % 3 == 0)
      subject.back() = '*';
    pair.a->subscribe(subject, pair.round, pair.round % 5 == 0 ? "q" : "");
    pair.a->ping();
  }

  void publish_for(pair_of_clients& pair) {
    auto at = static_cast<size_t>(random_() % pairs);
    publishers_[at]->publish(subject_of(pair), std::to_string(pair.round));
    publishers_[at]->ping();
    waiting_[at].push_back(&pair);
  }

  /// The oldest publish of this publisher took effect.
  void published(size_t which) {
    auto& queue = waiting_[which];
    auto* pair = queue.front();
    queue.erase(queue.begin());
    if (pair->now == step::published_in_vain)
      pair->now = step::looking;
    pair->a->ping();
  }

  void arrived(pair_of_clients& pair, const message& got) {
    out_.check(pair.now == step::published && got.sid == pair.round && !pair.arrived,
               "nothing comes after the PONG to an UNSUB, and nothing twice (round {}, sid {})",
               pair.round, got.sid);
    pair.arrived = true;
  }

  void ponged(pair_of_clients& pair) {
    switch (pair.now) {
    case step::subscribing:
      pair.now = step::published;
      publish_for(pair);
      return;
    case step::published:
      out_.check(pair.arrived, "what is published after the PONG to a SUB arrives (round {})",
                 pair.round);
      pair.now = step::unsubscribing;
      pair.a->unsubscribe(pair.round);
      pair.a->ping();
      return;
    case step::unsubscribing:
      pair.now = step::published_in_vain;
      publish_for(pair);
      return;
    case step::published_in_vain: return;
    case step::looking:
      ++rounds_;
      begin(pair);
      return;
    }
  }

  /// Keeps the publishers' reads long, so that a round happens in the middle of one.
  void make_noise() {
    for (auto& line : publishers_)
      if (line->unsent() == 0)
        for (int i = 0; i < 20; ++i)
          line->publish(fmt::format("noise.{}.{}", random_() % pairs, i), "noise");
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  uint64_t rounds_ = 0;
  std::vector<pair_of_clients> pairs_;
  std::vector<std::unique_ptr<client>> publishers_;
  std::array<std::vector<pair_of_clients*>, pairs> waiting_;
};

} // namespace

void barrier(const settings& wish, report& out) {
  barrier_play{wish, out}.play();
}

} // namespace troupe::stress
