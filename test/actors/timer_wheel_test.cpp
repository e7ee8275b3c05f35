// test/actors/timer_wheel_test.cpp: when timers ring, on a clock that only the test moves.
#include "actors/timer_wheel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using namespace troupe::actors;
using namespace std::chrono_literals;

namespace {

using moment = loop_clock::time_point;
using span = loop_clock::duration;

/// A wheel and the only clock it hears of.
struct fake_loop {
  moment now{1000h};
  timer_wheel wheel{now};

  void turn_at(moment when) {
    now = when;
    wheel.advance(now);
  }
  void turn_after(span more) { turn_at(now + more); }
  /// Sleeps as long as the wheel allows, as an event loop does.
  void sleep() { turn_after(wheel.idle_for(now)); }
};

/// One timer that notes when it rang.
struct bell final : timer_owner {
  explicit bell(fake_loop& where) : loop{where} {}
  void on_timer(timer&) override {
    rings.push_back(loop.now);
    if (then)
      then();
  }
  void start(span after) { loop.wheel.start(its_timer, after); }
  fake_loop& loop;
  timer its_timer{*this};
  std::vector<moment> rings;
  std::function<void()> then;
};

/// What the wheel is judged by: a plain list of wishes, each with the time it was made for.
struct wish_list {
  struct entry {
    explicit entry(fake_loop& where) : made{std::make_unique<bell>(where)} {}
    std::unique_ptr<bell> made;
    std::optional<moment> due;
  };

  wish_list(fake_loop& where, size_t count) : loop{where} {
    for (size_t i = 0; i < count; ++i)
      entries.emplace_back(where);
  }
  void start(entry& which, span after) {
    which.made->start(after);
    which.due = loop.now + std::max(after, span::zero());
  }
  void stop(entry& which) {
    which.made->its_timer.stop();
    which.due.reset();
  }
  std::optional<moment> nearest() const {
    std::optional<moment> out;
    for (const auto& each : entries)
      if (each.due && (!out || *each.due < *out))
        out = each.due;
    return out;
  }
  /// Compares what rang in the turn that just ended; `before` is the time of the turn before it.
  /// The number of entries that the wheel got wrong.
  int judge(moment before) {
    int wrong = 0;
    for (auto& each : entries) {
      auto& rings = each.made->rings;
      bool rang = !rings.empty();
      if (rings.size() > 1 || (rang && (!each.due || *each.due > loop.now)))
        ++wrong; // twice, uninvited or early
      else if (!rang && each.due && *each.due + timer_wheel::tick <= loop.now)
        ++wrong; // more than a tick late
      else if (rang && *each.due + timer_wheel::tick <= before)
        ++wrong; // should have rung a turn earlier
      if (each.made->its_timer.armed() != (each.due && !rang))
        ++wrong;
      if (rang)
        each.due.reset();
      rings.clear();
    }
    return wrong;
  }

  fake_loop& loop;
  std::vector<entry> entries;
};

/// Spans of every order of magnitude: from nothing to well beyond the last level.
span any_span(std::mt19937_64& dice) {
  auto limit = int64_t{1} << (10 + dice() % 38); // 1 us to 78 hours
  return span{static_cast<int64_t>(dice() % static_cast<uint64_t>(limit))};
}

} // namespace

TEST_CASE("a timer rings never early and at most one tick late") {
  fake_loop loop;
  for (auto offset : {0ns, 1ns, 2'500'000ns, 4'999'999ns})
    for (auto after : {0ns, 1ns, 4'999'999ns, 5'000'000ns, 5'000'001ns, 320'000'000ns}) {
      loop.turn_after(offset);
      bell one{loop};
      auto begun = loop.now;
      one.start(after);
      while (one.rings.empty())
        loop.turn_after(100us);
      CHECK_MESSAGE(one.rings[0] >= begun + after, offset.count() << " " << after.count());
      CHECK_MESSAGE(one.rings[0] <= begun + after + timer_wheel::tick + 100us,
                    offset.count() << " " << after.count());
    }
}

TEST_CASE("a timer that is started from its own call rings again, in a later turn") {
  fake_loop loop;
  bell one{loop};
  one.then = [&] { one.start(0ms); };
  one.start(0ms);
  for (int turn = 0; turn < 200; ++turn) {
    auto before = one.rings.size();
    loop.turn_after(timer_wheel::tick);
    REQUIRE(one.rings.size() == before + 1);
  }
  SUBCASE("even when one turn catches up with many ticks") {
    loop.turn_after(10s);
    CHECK(one.rings.size() == 201);
  }
}

TEST_CASE("a timer started anew rings at the later time only") {
  fake_loop loop;
  bell one{loop};
  one.start(10ms);
  one.start(1s);
  loop.turn_after(900ms);
  CHECK(one.rings.empty());
  loop.turn_after(110ms);
  CHECK(one.rings.size() == 1);
  loop.turn_after(10s);
  CHECK(one.rings.size() == 1);
}

TEST_CASE("a stopped timer never rings") {
  fake_loop loop;
  bell one{loop};
  one.start(50ms);
  CHECK(one.its_timer.armed());
  one.its_timer.stop();
  CHECK(!one.its_timer.armed());
  one.its_timer.stop();
  loop.turn_after(1min);
  CHECK(one.rings.empty());
  CHECK(loop.wheel.idle_for(loop.now) < 0ms);
}

TEST_CASE("of timers due in one tick, the first to ring may stop and destroy the others") {
  fake_loop loop;
  bell first{loop};
  bell stopped{loop};
  auto destroyed = std::make_unique<bell>(loop);
  bell last{loop};
  first.then = [&] {
    stopped.its_timer.stop();
    destroyed.reset();
  };
  for (auto* each : {&first, &stopped, destroyed.get(), &last})
    each->start(20ms);
  loop.turn_after(30ms);
  CHECK(first.rings.size() == 1);
  CHECK(stopped.rings.empty());
  CHECK(!destroyed);
  CHECK(last.rings.size() == 1);
}

TEST_CASE("timers of all levels, and beyond the last, ring in their tick") {
  for (auto begin : {0ms, 5ms, 315ms, 320ms, 20'475ms, 1'310'715ms}) {
    fake_loop loop;
    loop.turn_after(begin);
    auto begun = loop.now;
    for (auto after :
         std::initializer_list<span>{315ms, 320ms, 325ms, 20'475ms, 20'480ms, 1'310'720ms,
                                     1'310'725ms, 83'886'080ms, 83'886'085ms, 100h}) {
      bell one{loop};
      loop.wheel.start(one.its_timer, begun + after - loop.now);
      int sleeps = 0;
      while (one.rings.empty() && ++sleeps < 100)
        loop.sleep();
      REQUIRE_MESSAGE(one.rings.size() == 1, after.count());
      CHECK_MESSAGE(one.rings[0] >= begun + after, after.count());
      CHECK_MESSAGE(one.rings[0] <= begun + after + timer_wheel::tick + 1ms, after.count());
    }
  }
}

TEST_CASE("the longest time there is does not overflow") {
  fake_loop loop;
  bell one{loop};
  one.start(span::max());
  loop.turn_after(200h);
  CHECK(one.rings.empty());
  CHECK(one.its_timer.armed());
}

TEST_CASE("a wheel that dies leaves its timers stopped") {
  auto loop = std::make_unique<fake_loop>();
  bell one{*loop};
  one.start(1s);
  loop.reset();
  CHECK(!one.its_timer.armed());
}

TEST_CASE("over any starts, stops and turns, the wheel rings what a plain list would") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice{seed};
    fake_loop loop;
    wish_list wishes{loop, 50};
    int wrong = 0;
    for (int turn = 0; turn < 2000; ++turn) {
      for (auto n = dice() % 4; n > 0; --n) {
        auto& which = wishes.entries[dice() % wishes.entries.size()];
        dice() % 4 == 0 ? wishes.stop(which) : wishes.start(which, any_span(dice));
      }
      auto before = loop.now;
      loop.turn_after(any_span(dice) / (dice() % 2 ? 1000 : 1'000'000));
      wrong += wishes.judge(before);
    }
    CHECK_MESSAGE(wrong == 0, "seed " << seed);
  }
}

TEST_CASE("whoever sleeps as long as idle_for() says oversleeps no timer") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 dice{seed};
    fake_loop loop;
    wish_list wishes{loop, 20};
    int wrong = 0;
    for (int turn = 0; turn < 3000; ++turn) {
      if (dice() % 4 == 0)
        wishes.start(wishes.entries[dice() % wishes.entries.size()], any_span(dice) / 16);
      auto nearest = wishes.nearest();
      auto idle = loop.wheel.idle_for(loop.now);
      REQUIRE((idle < 0ms) == !nearest);
      if (!nearest)
        continue;
      // One tick, and less than a millisecond because idle_for() counts in whole ones.
      wrong += loop.now + idle >= *nearest + timer_wheel::tick + 1ms;
      auto before = loop.now;
      loop.turn_after(dice() % 3 == 0 ? idle / 2 : span{idle}); // sockets wake a loop, too
      wrong += wishes.judge(before);
    }
    CHECK_MESSAGE(wrong == 0, "seed " << seed);
  }
}
