// test/actors/router_threads_test.cpp: what holds when several reactors publish at once.
#include "actors/router.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

using namespace troupe;
using protocol::make_ref;

namespace {

/// The publishing half of one reactor. Its destinations have no actor: batches are only counted.
struct publisher {
  explicit publisher(size_t reactor) : routes{pool, reactor} {}
  size_t publish(actors::account& where, std::string_view subject) {
    constexpr std::string_view wire = "x\r\n";
    protocol::publication pub;
    pub.subject = subject;
    pub.data = wire.substr(0, 1);
    auto known = routes.memory_of(where).find(subject, where);
    auto got = routes.deliver(where, *known, {pub, nullptr, nullptr, own});
    routes.flush();
    return got;
  }
  actors::block_pool pool{4096};
  actors::router routes;
  actors::outgoing_ptr own;
};

struct tenant {
  actors::subscription_ptr subscribe(std::string_view subject, std::string_view queue = {}) {
    auto slot = next_slot++;
    auto to = make_ref<actors::destination>(slot, slot, protocol::peer_kind::client, 1 << 20);
    return make_ref<actors::subscription>(account->interests.share_text(subject, queue), "1", to);
  }
  actors::account_ptr account = make_ref<actors::account>("test", size_t{2});
  uint32_t next_slot = 0;
};

constexpr uint32_t threads = 3;

void on_all(const std::function<void(publisher&)>& work) {
  std::vector<std::thread> running;
  for (uint32_t i = 0; i < threads; ++i)
    running.emplace_back([&work, i] {
      publisher mine{i + 1};
      work(mine);
    });
  for (auto& each : running)
    each.join();
}

} // namespace

TEST_CASE("auto-unsubscribe is exact over reactors that publish at once") {
  tenant acme;
  for (int round = 0; round < 30; ++round) {
    std::vector<actors::subscription_ptr> limited;
    for (int i = 0; i < 10; ++i) {
      limited.push_back(acme.subscribe(i % 2 ? "a" : "*"));
      limited.back()->maximum = 20 + static_cast<uint64_t>(i);
      limited.back()->quirks = actors::quirk_limited;
      REQUIRE(acme.account->interests.insert(limited.back()));
    }
    std::atomic<size_t> delivered{0};
    on_all([&](publisher& mine) {
      for (int i = 0; i < 40; ++i)
        delivered += mine.publish(*acme.account, "a");
    });
    CHECK(delivered == 10 * 20 + 45);
    CHECK(acme.account->interests.size() == 0);
  }
}

TEST_CASE("a queue group with one steady member gets every message once while others come and go") {
  tenant acme;
  REQUIRE(acme.account->interests.insert(acme.subscribe("a", "workers")));
  std::vector<actors::subscription_ptr> passing;
  for (auto subject : {"a", "*", ">"})
    passing.push_back(acme.subscribe(subject, "workers"));
  std::atomic<bool> over{false};
  std::thread changes{[&] {
    for (size_t i = 0; !over; ++i) {
      auto& one = passing[i % passing.size()];
      if (!acme.account->interests.insert(one))
        acme.account->interests.remove(*one);
    }
  }};
  std::atomic<size_t> wrong{0};
  on_all([&](publisher& mine) {
    for (int i = 0; i < 5000; ++i)
      wrong += mine.publish(*acme.account, "a") != 1;
  });
  over = true;
  changes.join();
  CHECK(wrong == 0);
}
