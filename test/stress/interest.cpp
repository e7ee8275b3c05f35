// test/stress/interest.cpp: a SUB and at once the request that needs it, among others' SUBs.
#include "broker.hpp"
#include "client.hpp"
#include "hub.hpp"

#include <random>
#include <unordered_map>

namespace troupe::stress {
namespace {

constexpr size_t requesters = 12;
constexpr size_t responders = 6;
constexpr size_t churners = 4;
constexpr size_t most_waiting = 16; // requests of one requester

struct requester {
  std::unique_ptr<client> line;
  uint64_t next = 1;
  std::unordered_map<uint64_t, bool> waiting; // by sid
};

class interest_play {
public:
  interest_play(const settings& wish, report& out)
      : out_{out}, under_test_{wish}, hub_{wish.patience}, random_{wish.seed},
        target_{wish.amount_or(100'000, 2'000'000)} {}

  void play() {
    open();
    out_.check(hub_.run([&] { return ready(); }), "SUBs are answered");
    bool through = hub_.run([&] { return out_.failures() > 100 || answered_ == target_; },
                            [&] {
                              for (auto& who : requesters_)
                                request_some(who);
                              disturb();
                            });
    out_.check(through, "every request is answered: {} of {}", answered_, asked_);
    out_.note(fmt::format("{} requests, {} SUBs and UNSUBs of others, {:.0f} requests/s", answered_,
                          disturbances_, static_cast<double>(answered_) / out_.seconds()));
    requesters_.clear();
    responders_.clear();
    churners_.clear();
    under_test_.judge_end(out_);
  }

private:
  void open() {
    for (size_t i = 0; i < responders; ++i) {
      responders_.push_back(std::make_unique<client>(hub_, under_test_.port()));
      auto& line = *responders_.back();
      line.subscribe(i % 2 == 0 ? "service.*" : "service.a", 1, "workers");
      line.on_message = [&line](const message& got) { line.publish(got.reply, got.payload); };
      line.ping();
    }
    for (size_t i = 0; i < churners; ++i)
      churners_.push_back(std::make_unique<client>(hub_, under_test_.port()));
    requesters_.resize(requesters);
    for (auto& who : requesters_) {
      who.line = std::make_unique<client>(hub_, under_test_.port());
      who.line->on_message = [this, &who](const message& got) { answered(who, got); };
    }
  }

  bool ready() const {
    return std::all_of(responders_.begin(), responders_.end(),
                       [](const auto& line) { return line->in_step(); });
  }

  void request_some(requester& who) {
    while (asked_ < target_ && who.waiting.size() < most_waiting) {
      auto sid = who.next++;
      auto inbox = fmt::format("_INBOX.{}.{}", &who - requesters_.data(), sid);
      who.line->subscribe(inbox, sid);
      bool limited = random_() % 2 == 0;
      if (limited)
        who.line->unsubscribe(sid, 1);
      who.waiting.emplace(sid, limited);
      who.line->publish("service.a", std::to_string(sid), inbox);
      ++asked_;
    }
  }

  void answered(requester& who, const message& got) {
    auto it = who.waiting.find(got.sid);
    if (!out_.check(it != who.waiting.end(), "request {} is answered once", got.sid))
      return;
    out_.check(got.payload == std::to_string(got.sid), "request {} gets its own answer, not {}",
               got.sid, got.payload);
    if (!it->second)
      who.line->unsubscribe(got.sid);
    who.waiting.erase(it);
    ++answered_;
  }

  /// Interest of others that touches what is remembered of the same and of other subjects.
  void disturb() {
    for (auto& line : churners_) {
      if (!line->in_step())
        continue;
      for (int i = 0; i < 20; ++i) {
        auto sid = random_() % 40;
        if (random_() % 2 == 0)
          line->unsubscribe(sid);
        else
          line->subscribe(some_subject(), sid);
        ++disturbances_;
      }
      line->ping();
    }
  }

  std::string some_subject() {
    switch (random_() % 5) {
    case 0: return "service.*.x";
    case 1: return "service.b";
    case 2: return fmt::format("_INBOX.{}.none", random_() % requesters);
    case 3: return fmt::format("_INBOX.{}.none.>", random_() % requesters);
    default: return fmt::format("other.{}.*", random_() % 1000);
    }
  }

  report& out_;
  broker under_test_;
  hub hub_;
  std::mt19937_64 random_;
  uint64_t target_;
  std::vector<std::unique_ptr<client>> responders_, churners_;
  std::vector<requester> requesters_;
  uint64_t asked_ = 0, answered_ = 0, disturbances_ = 0;
};

} // namespace

void interest(const settings& wish, report& out) {
  interest_play{wish, out}.play();
}

} // namespace troupe::stress
