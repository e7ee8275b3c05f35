// test/stress/attack.cpp: a crowd of broken and hostile clients around one that works on.
#include "attack_strings.hpp"
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"

namespace troupe::stress {
namespace {

constexpr size_t attackers = 96;
constexpr int64_t margin = 32 * 1024 * 1024;
constexpr std::chrono::seconds longest_recovery{20};
constexpr uint64_t long_attack = 400'000; // four times what fills the list of closed clients

struct attacker {
  std::unique_ptr<client> line;
  uint64_t left = 0;     ///< strings it still sends
  uint64_t patience = 0; ///< turns that it stays silent
};

class attack_play {
public:
  attack_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(30'000, 1'000'000)}, crowd_(attackers) {}

  void play() {
    open_control();
    warm_up();
    auto before = under_test_.memory();
    int64_t most = 0;
    uint64_t quarters = 0;
    bool through = hub_.run(
        [&] { return sent_ >= target_ || out_.failures() > 100 || !under_test_.running(); },
        [&] {
          attack_on();
          work_on();
          if (++turns_ % 64 == 0)
            most = std::max(most, under_test_.memory());
          if (sent_ > target_ / 4 * (quarters + 1) && ++quarters == 1)
            before = settled_memory(before);
        });
    out_.check(through, "the broker keeps talking");
    for (auto& each : crowd_)
      each.line.reset();
    judge_control();
    recover(before, most);
    requester_->close();
    responder_->close();
    listener_->close();
    under_test_.judge_end(out_);
  }

private:
  using clock = std::chrono::steady_clock;

  /// What a broker remembers on purpose (the last closed clients, recent subjects) is full after a
  /// quarter of a long attack; what grows after that is a leak.
  int64_t settled_memory(int64_t empty) {
    auto now = under_test_.memory();
    out_.note(fmt::format("after {} strings: {} MiB", sent_, now >> 20));
    return target_ >= long_attack ? now : empty;
  }

  void open_control() {
    responder_ = std::make_unique<client>(hub_, under_test_.port());
    requester_ = std::make_unique<client>(hub_, under_test_.port());
    listener_ = std::make_unique<client>(hub_, under_test_.port());
    responder_->subscribe("control.service", 1);
    responder_->on_message = [this](const message& got) {
      responder_->publish(got.reply, got.payload);
    };
    listener_->subscribe("control.*", 1);
    listener_->on_message = [this](const message& got) {
      if (got.subject != "control.service")
        return;
      ++heard_;
      out_.check(got.payload == std::to_string(heard_), "the listener hears request {}, not {}",
                 heard_, got.payload);
    };
    requester_->subscribe("control.inbox", 1);
    requester_->on_message = [this](const message& got) {
      out_.check(got.payload == std::to_string(asked_), "request {} is answered, not {}", asked_,
                 got.payload);
      ++answered_;
      auto took = clock::now() - asked_at_;
      slowest_ = std::max(slowest_, took);
    };
    for (auto* each : {responder_.get(), requester_.get(), listener_.get()})
      each->ping();
    hub_.run(
        [&] { return responder_->in_step() && requester_->in_step() && listener_->in_step(); });
  }

  /// As many connections as there will be, so that what they leave behind is not held against the
  /// attack.
  void warm_up() {
    for (auto& each : crowd_) {
      each.line = std::make_unique<client>(hub_, under_test_.port());
      each.line->ping();
    }
    out_.check(hub_.run([&] {
      return std::all_of(crowd_.begin(), crowd_.end(),
                         [](const auto& each) { return each.line->in_step(); });
    }),
               "the broker lets {} in", attackers);
    for (auto& each : crowd_)
      each.line.reset();
  }

  void work_on() {
    if (answered_ < asked_)
      return;
    asked_at_ = clock::now();
    requester_->publish("control.service", std::to_string(++asked_), "control.inbox");
  }

  void attack_on() {
    for (auto& each : crowd_) {
      if (each.patience > 0) {
        --each.patience;
        continue;
      }
      if (!each.line || !each.line->open()) {
        arrive(each);
        continue;
      }
      if (each.left == 0) {
        leave(each);
        continue;
      }
      --each.left;
      ++sent_;
      each.line->send(attack_string(random_));
      each.patience = random_() % 4;
      if (random_() % 20 == 0)
        each.line->finish_writing();
    }
  }

  void arrive(attacker& each) {
    client::options how;
    how.speaks = false;
    how.source = fmt::format("127.0.0.{}", 2 + random_() % 50);
    each.line = std::make_unique<client>(hub_, under_test_.port(), how);
    ++connections_;
    each.left = random_() % 8;
    each.patience = random_() % 3;
    if (random_() % 30 == 0)
      each.line->read(false);
    if (random_() % 100 == 0)
      each.patience = 1000 + random_() % 1000; // half open: silent for long
  }

  void leave(attacker& each) {
    each.line->close(random_() % 4 != 0); // few orderly ends: ports stay taken behind them
  }

  void judge_control() {
    out_.check(hub_.run([&] { return answered_ == asked_; }), "the last request is answered");
    listener_->ping();
    hub_.run([&] { return listener_->in_step(); });
    out_.check(heard_ == asked_, "the listener hears all {} requests, not {}", asked_, heard_);
    for (auto* each : {responder_.get(), requester_.get(), listener_.get()})
      out_.check(each->open() && each->errors().empty(), "the control clients are left alone: {}",
                 each->errors());
  }

  void recover(int64_t before, int64_t most) {
    auto until = clock::now() + longest_recovery;
    while (memory_counts && under_test_.memory() > before + margin && clock::now() < until) {
      requester_->ping();
      hub_.run([&] { return requester_->in_step(); });
    }
    auto after = under_test_.memory();
    out_.check(!memory_counts || after <= before + margin,
               "the broker's memory returns from {} MiB to {}, not {}", most >> 20, before >> 20,
               after >> 20);
    out_.note(fmt::format("{} strings over {} connections, {} requests meanwhile, the slowest "
                          "{:.1f} ms; memory {} MiB before, at most {}, {} after",
                          sent_, connections_, answered_,
                          std::chrono::duration<double, std::milli>(slowest_).count(), before >> 20,
                          most >> 20, after >> 20));
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  std::vector<attacker> crowd_;
  std::unique_ptr<client> responder_, requester_, listener_;
  uint64_t sent_ = 0, connections_ = 0, turns_ = 0;
  uint64_t asked_ = 0, answered_ = 0, heard_ = 0;
  clock::time_point asked_at_;
  clock::duration slowest_{0};
};

} // namespace

void attack(const settings& wish, report& out) {
  attack_play{wish, out}.play();
}

} // namespace troupe::stress
