// test/protocol/sublist_threads_test.cpp: what holds while other threads change the sublist.
#include "protocol/sublist.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "protocol/subject.hpp"

using namespace troupe::protocol;

namespace {

/// One subscription that one writer puts in and takes out. Its history is numbered: odd means in.
/// A change has been begun from `begun` on and has surely happened from `done` on, so a reader that
/// sees the same number in `done` before it looks and in `begun` after it knows what it must see.
struct toggled {
  toggled(std::string_view subject, std::string_view queue)
      : item{make_ref<interest>(subject, queue)} {}
  ref_ptr<interest> item;
  std::atomic<uint64_t> begun{0};
  std::atomic<uint64_t> done{0};
};

struct arena {
  explicit arena(cache_limits limits) : subs{limits} {
    for (auto pattern : {"a.b", "a.*", "*.b", ">", "a.>", "*.*", "c", "a.b.c", "c", "a.b"})
      for (auto queue : {"", "q"})
        all.push_back(std::make_unique<toggled>(pattern, queue));
  }

  /// Toggles its share of `all`; each subscription has one writer only.
  void write(size_t share, size_t shares, int changes, unsigned seed, uint64_t until_judged = 0) {
    std::mt19937 dice{seed * 31 + static_cast<unsigned>(share)};
    for (int i = 0; i < changes || judged < until_judged; ++i) {
      auto pick = dice() % (all.size() / shares) * shares + share;
      auto& one = *all[pick];
      auto number = one.done.load(std::memory_order_relaxed) + 1;
      one.begun.store(number, std::memory_order_relaxed);
      bool ok = number % 2 ? subs.insert(one.item) : subs.remove(*one.item);
      broken += ok ? 0 : 1;
      one.done.store(number, std::memory_order_release);
    }
    --writers;
  }

  /// A publisher: keeps results and asks again only for stale ones.
  void read(unsigned seed) {
    const std::array<std::string_view, 5> subjects{"a.b", "c", "a.b.c", "x.b", "a.x"};
    std::array<ref_ptr<const match_result>, 5> held;
    std::vector<uint64_t> before(all.size());
    std::mt19937 dice{seed};
    while (writers > 0) {
      auto pick = dice() % subjects.size();
      for (size_t i = 0; i < all.size(); ++i)
        before[i] = all[i]->done.load(std::memory_order_acquire);
      if (!held[pick] || held[pick]->stale()) {
        held[pick] = subs.match(subjects[pick]);
        ++matched;
      }
      judge(subjects[pick], *held[pick], before);
    }
  }

  void judge(std::string_view subject, const match_result& result,
             const std::vector<uint64_t>& before) {
    for (size_t i = 0; i < all.size(); ++i) {
      auto* item = all[i]->item.get();
      auto among = [&](auto items) {
        return std::find(items.begin(), items.end(), item) != items.end();
      };
      bool in = among(result.plain());
      for (auto& group : result.groups())
        in = in || among(group.members);
      if (all[i]->begun.load(std::memory_order_acquire) != before[i])
        continue; // changing right now: either answer is right
      bool should = before[i] % 2 == 1 && matches(subject, item->subject());
      broken += in == should ? 0 : 1;
      ++judged;
    }
  }

  sublist subs;
  std::vector<std::unique_ptr<toggled>> all;
  std::atomic<int> writers{0};
  std::atomic<uint64_t> broken{0};
  std::atomic<uint64_t> judged{0};
  std::atomic<uint64_t> matched{0};
};

void run(cache_limits limits) {
  arena a{limits};
  constexpr size_t shares = 2;
  a.writers = shares;
  std::vector<std::thread> threads;
  // On until the readers have seen enough, however the machine shares out its cores.
  for (size_t share = 0; share < shares; ++share)
    threads.emplace_back([&a, share] { a.write(share, shares, 20'000, 1, 20'000); });
  for (unsigned seed = 1; seed <= 2; ++seed)
    threads.emplace_back([&a, seed] { a.read(seed); });
  for (auto& thread : threads)
    thread.join();
  CHECK(a.broken == 0);
  size_t in = 0;
  for (auto& one : a.all)
    in += one->done % 2;
  CHECK(a.subs.size() == in);
}

} // namespace

TEST_CASE("a result that is not stale says who is interested now, whatever others change") {
  run({});
}

TEST_CASE("the same holds while a tiny cache evicts all the time") {
  run({.entries = 2});
}

TEST_CASE("once changes cease, every result that is not stale is right") {
  // A result that missed the last change of a busy sublist would be saved by the next one; so there
  // are many short rounds, and after each one the writers stand still.
  const std::array<std::string_view, 4> subjects{"a.b", "c", "a.x", "x.b"};
  constexpr int rounds = 1500;
  arena a{{}};
  std::array<std::array<ref_ptr<const match_result>, 4>, 2> held;
  std::barrier sync{4};
  auto writer = [&](size_t share) {
    for (int round = 0; round < rounds; ++round) {
      sync.arrive_and_wait();
      a.write(share, 2, 3, static_cast<unsigned>(round));
      sync.arrive_and_wait(); // all quiet
      sync.arrive_and_wait(); // all judged
    }
  };
  auto reader = [&](size_t number) {
    std::vector<uint64_t> before(a.all.size());
    for (int round = 0; round < rounds; ++round) {
      if (number == 0)
        a.writers = 2;
      sync.arrive_and_wait();
      while (a.writers > 0)
        for (size_t i = 0; i < subjects.size(); ++i)
          if (!held[number][i] || held[number][i]->stale())
            held[number][i] = a.subs.match(subjects[i]);
      sync.arrive_and_wait();
      for (size_t i = 0; i < a.all.size(); ++i)
        before[i] = a.all[i]->done;
      for (size_t i = 0; i < subjects.size(); ++i)
        if (held[number][i] && !held[number][i]->stale())
          a.judge(subjects[i], *held[number][i], before);
      sync.arrive_and_wait();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back(writer, i);
    threads.emplace_back(reader, i);
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(a.broken == 0);
  CHECK(a.judged > 0);
}

TEST_CASE("a change that has returned is seen by every thread that learns of it") {
  sublist subs;
  std::atomic<int> turn{0}; // even: the writer's; odd: the reader's
  constexpr int rounds = 2000;
  int missed = 0;
  std::thread reader{[&] {
    auto held = subs.match("a.b");
    for (int round = 0; round < rounds; ++round) {
      while (turn.load(std::memory_order_acquire) != 2 * round + 1)
        std::this_thread::yield();
      if (held->stale())
        held = subs.match("a.b");
      missed += held->plain().size() == (round % 2 ? 0u : 1u) ? 0 : 1;
      turn.store(2 * round + 2, std::memory_order_release);
    }
  }};
  auto item = make_ref<interest>("a.*");
  for (int round = 0; round < rounds; ++round) {
    while (turn.load(std::memory_order_acquire) != 2 * round)
      std::this_thread::yield();
    round % 2 ? static_cast<void>(subs.remove(*item)) : static_cast<void>(subs.insert(item));
    turn.store(2 * round + 1, std::memory_order_release);
  }
  reader.join();
  CHECK(missed == 0);
}
