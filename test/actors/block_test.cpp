// test/actors/block_test.cpp: who counted memory belongs to, over any number of threads.
#include "actors/block.hpp"
#include "actors/pool_trimmer.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

using namespace troupe::actors;

namespace {

constexpr size_t block_size = 256;

/// Blocks on their way from the pool's thread to the others.
class hand_over {
public:
  void give(block_ref one) {
    {
      std::lock_guard guard{mutex_};
      waiting_.push_back(std::move(one));
    }
    ready_.notify_one();
  }
  void close() {
    {
      std::lock_guard guard{mutex_};
      closed_ = true;
    }
    ready_.notify_all();
  }
  /// Empty: there will be no more.
  block_ref take() {
    std::unique_lock lock{mutex_};
    ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty())
      return {};
    auto out = std::move(waiting_.front());
    waiting_.pop_front();
    return out;
  }

private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<block_ref> waiting_;
  bool closed_ = false;
};

} // namespace

TEST_CASE("a block is unique exactly while it has one user") {
  auto one = block_ref::allocate(100);
  CHECK(one->capacity() == 100);
  CHECK(one->unique());
  {
    auto two = one;
    auto three = block_ref::share(one.get());
    CHECK(!one->unique());
    auto moved = std::move(two);
    CHECK(!two);
    CHECK(moved.get() == one.get());
  }
  CHECK(one->unique());
  auto* raw = one.get();
  auto& same = one;
  one = same;
  CHECK(one.get() == raw);
  CHECK(one->unique());
  CHECK(!block_ref::share(nullptr));
}

TEST_CASE("a pool gives out again what came home, and nothing that is still used") {
  block_pool pool{block_size};
  auto one = pool.take();
  auto two = pool.take();
  CHECK(one->capacity() == block_size);
  CHECK(one.get() != two.get());
  auto* raw = one.get();
  auto second_user = one;
  one = {};
  auto three = pool.take();
  CHECK(three.get() != raw); // it has a user left
  second_user = {};
  auto four = pool.take();
  CHECK(four.get() == raw);
  CHECK(four->unique());
}

TEST_CASE("trim() keeps as many idle blocks as it was told and leaves those in use alone") {
  block_pool pool{block_size};
  auto used = pool.take();
  std::memset(used->data(), 'x', block_size);
  std::set<block*> known;
  {
    std::vector<block_ref> many;
    for (int i = 0; i < 10; ++i) {
      many.push_back(pool.take());
      known.insert(many.back().get());
    }
  }
  CHECK(known.size() == 10);
  pool.trim(2);
  std::vector<block_ref> again;
  for (int i = 0; i < 2; ++i) {
    again.push_back(pool.take());
    CHECK(known.count(again.back().get()) == 1);
  }
  CHECK(used->unique());
  CHECK(used->data()[block_size - 1] == 'x');
}

TEST_CASE("what a rush has left in the pools is freed later, and what is still in use when it "
          "comes home") {
  auto now = loop_clock::time_point{};
  timer_wheel timers{now};
  auto later = [&] { timers.advance(now += pool_trimmer::pause + 2 * timer_wheel::tick); };
  block_pool one{block_size};
  block_pool other{block_size};
  pool_trimmer trimmer{timers, one, other};
  auto rush = [](block_pool& pool) {
    std::vector<block_ref> many;
    for (size_t i = 0; i < 10 * pool_trimmer::kept_blocks; ++i)
      many.push_back(pool.take());
    return many;
  };
  auto used = rush(one);
  rush(other);
  trimmer.look();
  CHECK(other.made() == 10 * pool_trimmer::kept_blocks);
  later();
  CHECK(other.made() == pool_trimmer::kept_blocks);
  CHECK(one.made() == 10 * pool_trimmer::kept_blocks);
  used.clear();
  later();
  CHECK(one.made() == pool_trimmer::kept_blocks);
  CHECK(timers.idle_for(now).count() < 0); // and then nothing wakes the loop

  rush(one); // the next one is noticed as the first was
  trimmer.look();
  later();
  CHECK(one.made() == pool_trimmer::kept_blocks);
}

TEST_CASE("blocks that other threads drop come home whole and are used again") {
  constexpr size_t users = 3;
  constexpr uint32_t rounds = 20'000;
  block_pool pool{block_size};
  hand_over desk;
  std::atomic<uint64_t> bad{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < users; ++i)
    threads.emplace_back([&] {
      while (auto one = desk.take()) {
        uint32_t first = 0;
        uint32_t last = 0;
        std::memcpy(&first, one->data(), sizeof first);
        std::memcpy(&last, one->data() + block_size - sizeof last, sizeof last);
        bad += first != last;
      }
    });
  std::set<block*> seen;
  for (uint32_t round = 0; round < rounds; ++round) {
    auto one = pool.take();
    REQUIRE(one->unique());
    seen.insert(one.get());
    // Nobody else may be reading what the pool just gave away: the reader would see a mix.
    std::memcpy(one->data(), &round, sizeof round);
    std::memcpy(one->data() + block_size - sizeof round, &round, sizeof round);
    for (size_t copies = 1 + round % users; copies > 1; --copies)
      desk.give(one);
    desk.give(std::move(one));
    if (round % 1000 == 999)
      pool.trim(4);
  }
  desk.close();
  for (auto& each : threads)
    each.join();
  CHECK(bad == 0);
  CHECK(seen.size() < rounds); // some were used again
}
