// test/protocol/sublist_model_test.cpp: the sublist against a vector and protocol::matches.
#include "protocol/sublist.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "protocol/subject.hpp"

using namespace troupe::protocol;

namespace {

using members = std::vector<const interest*>; // sorted

/// Random walks of inserts, removes and matches; after each, every result ever handed out must be
/// stale exactly if its subject's receivers changed since.
struct walk {
  explicit walk(unsigned seed, cache_limits limits) : dice{seed}, subs{limits} {}

  size_t roll(size_t sides) { return std::uniform_int_distribution<size_t>{0, sides - 1}(dice); }

  std::string subject(const std::vector<std::string>& tokens, size_t most) {
    std::string text;
    for (auto left = roll(most) + 1; left > 0; --left)
      text.append(tokens[roll(tokens.size())]).append(left > 1 ? "." : "");
    return text;
  }

  void insert() {
    auto pattern = subject({"a", "b", "c", "*", ">", ""}, 4);
    constexpr peer_kind kinds[] = {peer_kind::client, peer_kind::route, peer_kind::gateway,
                                   peer_kind::leafnode, peer_kind::system};
    auto item = make_ref<interest>(pattern,
                                   roll(2)   ? ""
                                   : roll(2) ? "q"
                                             : "r",
                                   kinds[roll(5)], static_cast<uint32_t>(roll(9) + 1));
    bool accepted = subs.insert(item);
    CHECK_MESSAGE(accepted == is_valid_subscription(pattern), pattern);
    if (!accepted)
      return;
    live.push_back(item);
    mark(pattern);
  }

  void remove() {
    if (live.empty())
      return;
    std::swap(live[roll(live.size())], live.back());
    auto item = live.back();
    live.pop_back();
    REQUIRE(subs.remove(*item));
    CHECK_FALSE(subs.remove(*item));
    mark(item->subject());
  }

  void mark(std::string_view pattern) {
    for (auto& [text, handed_out] : held)
      if (matches(text, pattern))
        for (auto& one : handed_out)
          one.changed = true;
  }

  void match() {
    auto text = subject({"a", "b", "c", "c", "*", ">", ""}, 4);
    auto result = subs.match(text);
    members expected_plain;
    std::map<std::string_view, members> expected_groups;
    for (auto& item : live)
      if (matches(text, item->subject()))
        (item->queue().empty() ? expected_plain : expected_groups[item->queue()])
            .push_back(item.get());
    CHECK_MESSAGE(sorted(result->plain()) == sorted(expected_plain), text);
    REQUIRE_MESSAGE(result->groups().size() == expected_groups.size(), text);
    for (auto& group : result->groups()) {
      CHECK_MESSAGE(sorted(group.members) == sorted(expected_groups[group.name]), text);
      check_order(group);
    }
    CHECK(result->empty() == (subs.count_interest(text) == 0));
    auto& handed_out = held[text];
    if (handed_out.size() == 3)
      handed_out.erase(handed_out.begin());
    handed_out.push_back({result, false});
  }

  static members sorted(std::span<interest* const> items) {
    members all{items.begin(), items.end()};
    std::sort(all.begin(), all.end());
    return all;
  }
  static members sorted(members all) {
    std::sort(all.begin(), all.end());
    return all;
  }

  static void check_order(const queue_group& group) {
    auto reach = [](const interest* item) { return queue_group::reach_of(item->kind()); };
    CHECK(std::is_sorted(group.members.begin(), group.members.end(),
                         [&](auto* a, auto* b) { return reach(a) < reach(b); }));
    for (auto where :
         {queue_group::local, queue_group::leafnode, queue_group::route, queue_group::gateway}) {
      uint64_t weight = 0;
      for (auto* item : group.members_at(where)) {
        CHECK(reach(item) == where);
        weight += item->weight();
      }
      CHECK(group.weights[where] == weight);
    }
  }

  /// `may_evict`: a small cache may declare more stale than changed, never less.
  void check_held(bool may_evict) {
    for (auto& [text, handed_out] : held)
      for (auto& one : handed_out)
        if (one.result->stale() != one.changed && (one.changed || !may_evict))
          FAIL("a result for " << text
                               << (one.changed ? " missed a change" : " is stale for nothing"));
  }

  struct handed {
    ref_ptr<const match_result> result;
    bool changed;
  };
  std::mt19937 dice;
  sublist subs;
  std::vector<ref_ptr<interest>> live;
  std::map<std::string, std::vector<handed>> held;
};

void run(unsigned seed, int steps, cache_limits limits, bool may_evict, size_t crowd) {
  walk w{seed, limits};
  for (int step = 0; step < steps; ++step) {
    auto what = w.roll(4);
    if (what == 0 && w.live.size() < crowd)
      w.insert();
    else if (what <= 1)
      w.remove();
    else
      w.match();
    if (what <= 1 || step % 16 == 0)
      w.check_held(may_evict);
  }
  while (!w.live.empty())
    w.remove();
  w.check_held(may_evict);
  CHECK(w.subs.size() == 0);
  auto stats = w.subs.stats();
  CHECK(stats.inserts == stats.removes);
  CHECK(stats.cache_entries <= limits.entries);
}

} // namespace

TEST_CASE("any history of inserts and removes matches what a plain vector would") {
  for (unsigned seed = 1; seed <= 4; ++seed)
    run(seed, 15'000, {}, false, 12);
}

TEST_CASE("a crowded sublist matches what a plain vector would") {
  run(5, 15'000, {}, false, 300);
}

TEST_CASE("a cache too small for its subjects forgets results but misses no change") {
  for (unsigned seed = 6; seed <= 8; ++seed)
    run(seed, 15'000, {.entries = 5}, true, 30);
  run(9, 15'000, {.entries = 100, .bytes = 2000}, true, 30);
}
