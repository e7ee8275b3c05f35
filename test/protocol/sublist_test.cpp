// test/protocol/sublist_test.cpp: what the sublist promises, case by case.
#include "protocol/sublist.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace troupe::protocol;

namespace {

ref_ptr<interest> subscribe(sublist& subs, std::string_view subject, std::string_view queue = {},
                            peer_kind kind = peer_kind::client, uint32_t weight = 1) {
  auto item = make_ref<interest>(subject, queue, kind, weight);
  REQUIRE(subs.insert(item));
  return item;
}

size_t receivers(sublist& subs, std::string_view subject) {
  auto result = subs.match(subject);
  auto count = result->plain().size();
  for (auto& group : result->groups())
    count += group.members.size();
  CHECK(subs.count_interest(subject) == count);
  CHECK(subs.has_interest(subject) == (count > 0));
  return count;
}

std::string deep(size_t tokens, std::string_view token, std::string_view last) {
  std::string subject;
  for (size_t i = 1; i < tokens; ++i)
    subject.append(token).append(".");
  return subject.append(last);
}

std::string numbered(std::string text, int number) {
  return text.append(std::to_string(number));
}

/// Tells the test when it dies, and that no lock was held: it asks the sublist.
struct witness : interest {
  witness(sublist& s, std::string_view subject, int& count)
      : interest{subject}, subs{s}, deaths{count} {}
  ~witness() override {
    CHECK(subs.size() < 1000); // would hang if the mutex were held
    ++deaths;
  }
  sublist& subs;
  int& deaths;
};

} // namespace

TEST_CASE("an interest without its strings is 32 bytes") {
  CHECK(sizeof(interest) == 32);
}

TEST_CASE("an interest can be inserted and removed only once") {
  sublist subs;
  auto item = subscribe(subs, "a.b");
  CHECK_FALSE(subs.insert(item));
  CHECK(subs.size() == 1);
  CHECK(subs.remove(*item));
  CHECK_FALSE(subs.remove(*item));
  CHECK(subs.size() == 0);
  CHECK(subs.insert(item));
  sublist other;
  CHECK_FALSE(other.remove(*item));
  CHECK_FALSE(other.insert(item));
  CHECK(receivers(subs, "a.b") == 1);
}

TEST_CASE("an interest of another sublist is not removed in its neighbour's stead") {
  sublist here;
  sublist there;
  auto mine = subscribe(here, "a.*");
  auto theirs = subscribe(there, "a.*");
  CHECK_FALSE(here.remove(*theirs));
  CHECK(receivers(here, "a.x") == 1);
  CHECK(receivers(there, "a.x") == 1);
}

TEST_CASE("a subject that nobody may subscribe to is refused and leaves nothing behind") {
  sublist subs;
  for (auto bad : {"", ".", "a.", ".a", "a..b", "a.>.b", ">.a"})
    CHECK_MESSAGE(!subs.insert(make_ref<interest>(bad)), bad);
  CHECK(subs.size() == 0);
  CHECK(subs.stats().inserts == 0);
}

TEST_CASE("a published subject with an empty token reaches nobody and is not cached") {
  sublist subs;
  subscribe(subs, ">");
  subscribe(subs, "*.*");
  for (auto subject : {"", ".", "a.", ".a", "a..b"})
    CHECK_MESSAGE(receivers(subs, subject) == 0, subject);
  CHECK(subs.stats().cache_entries == 0);
}

TEST_CASE("wildcards in a published subject are ordinary tokens") {
  sublist subs;
  subscribe(subs, "a.*");
  subscribe(subs, "a.>");
  subscribe(subs, ">");
  subscribe(subs, "a.b");
  CHECK(receivers(subs, "a.*") == 3);
  CHECK(receivers(subs, "a.>") == 3);
  CHECK(receivers(subs, "*.b") == 1);
  auto held = subs.match("a.>");
  subscribe(subs, "a.c");
  CHECK_FALSE(held->stale());
  subscribe(subs, "*.*");
  CHECK(held->stale());
}

TEST_CASE("a star inside a token is a literal character") {
  sublist subs;
  subscribe(subs, "a*.b>");
  CHECK(receivers(subs, "a*.b>") == 1);
  CHECK(receivers(subs, "ax.by") == 0);
}

TEST_CASE("a change marks the results it touches and no other") {
  sublist subs;
  auto touched = subs.match("a.b");
  auto deeper = subs.match("a.b.c");
  auto other = subs.match("a.x");
  auto literal = subscribe(subs, "a.b");
  CHECK(touched->stale());
  CHECK_FALSE(deeper->stale());
  CHECK_FALSE(other->stale());
  touched = subs.match("a.b");
  CHECK(touched->plain().size() == 1);
  auto full = subscribe(subs, "a.b.>");
  CHECK_FALSE(touched->stale());
  CHECK(deeper->stale());
  auto star = subscribe(subs, "a.*");
  CHECK(touched->stale());
  CHECK(other->stale());
  touched = subs.match("a.b");
  other = subs.match("a.x");
  subs.remove(*literal);
  CHECK(touched->stale());
  CHECK_FALSE(other->stale());
}

TEST_CASE("a queue group is one over all subjects that match, and other names are other groups") {
  sublist subs;
  auto one = subscribe(subs, "a.*", "q");
  auto two = subscribe(subs, "a.b", "q");
  auto three = subscribe(subs, ">", "r");
  auto plain = subscribe(subs, "a.b");
  auto result = subs.match("a.b");
  REQUIRE(result->groups().size() == 2);
  CHECK(result->plain().size() == 1);
  CHECK(result->fanout() == 3);
  for (auto& group : result->groups()) {
    std::set<interest*> members{group.members.begin(), group.members.end()};
    if (group.name == "q")
      CHECK(members == std::set<interest*>{one.get(), two.get()});
    else
      CHECK(members == std::set<interest*>{three.get()});
  }
}

TEST_CASE("members of a group stand by reach, with counts and weights for each") {
  sublist subs;
  std::vector<std::pair<peer_kind, uint32_t>> told{
      {peer_kind::gateway, 1},  {peer_kind::route, 5},  {peer_kind::client, 1},
      {peer_kind::leafnode, 2}, {peer_kind::system, 1}, {peer_kind::route, 7}};
  for (auto [kind, weight] : told)
    subscribe(subs, "jobs.*", "q", kind, weight);
  auto result = subs.match("jobs.new");
  REQUIRE(result->groups().size() == 1);
  auto& group = result->groups().front();
  CHECK(group.members.size() == told.size());
  CHECK(group.members_at(queue_group::local).size() == 2);
  CHECK(group.members_at(queue_group::leafnode).size() == 1);
  CHECK(group.members_at(queue_group::route).size() == 2);
  CHECK(group.members_at(queue_group::gateway).size() == 1);
  CHECK(group.weights[queue_group::route] == 12);
  CHECK(group.weights[queue_group::local] == 2);
  for (auto* item : group.members_at(queue_group::route))
    CHECK(item->kind() == peer_kind::route);
  CHECK(group.members_at(queue_group::leafnode).front()->weight() == 2);
}

TEST_CASE("a result keeps its interests alive, and they die outside the lock") {
  int deaths = 0;
  sublist subs;
  auto item = make_ref<witness>(subs, "a.b", deaths);
  REQUIRE(subs.insert(ref_ptr<interest>{item}));
  auto held = subs.match("a.b");
  subs.remove(*item);
  item.reset();
  CHECK(deaths == 0);
  CHECK(held->plain().front()->subject() == "a.b");
  held.reset();
  CHECK(deaths == 1);
  auto again = make_ref<witness>(subs, "a.*", deaths);
  REQUIRE(subs.insert(ref_ptr<interest>{again}));
  subs.match("a.b");
  auto& raw = *again;
  ref_ptr<interest> last{again};
  again.reset();
  CHECK(subs.remove(raw));
  last.reset();
  CHECK(deaths == 2);
}

TEST_CASE("results that outlive their sublist are stale and still readable") {
  ref_ptr<const match_result> held;
  {
    sublist subs;
    subscribe(subs, "a.b", "q");
    held = subs.match("a.b");
    CHECK_FALSE(held->stale());
  }
  CHECK(held->stale());
  CHECK(held->groups().front().name == "q");
}

TEST_CASE("fifty thousand subscribers of one subject come, receive and go in any order") {
  sublist subs;
  std::vector<ref_ptr<interest>> all;
  for (int i = 0; i < 50'000; ++i)
    all.push_back(subscribe(subs, i % 2 ? "all" : "*", i % 5 ? "" : "q"));
  CHECK(receivers(subs, "all") == 50'000);
  auto held = subs.match("all");
  CHECK(held->groups().front().members.size() == 10'000);
  for (size_t i = 0; i < all.size(); ++i)
    std::swap(all[i], all[(i * 7919) % all.size()]);
  while (all.size() > 3) {
    REQUIRE(subs.remove(*all.back()));
    all.pop_back();
  }
  CHECK(held->stale());
  CHECK(receivers(subs, "all") == 3);
  CHECK(held->plain().size() == 40'000);
}

TEST_CASE("subjects of a hundred thousand tokens are matched, marked and pruned") {
  sublist subs;
  auto subject = deep(100'000, "a", "b");
  auto stars = subscribe(subs, deep(100'000, "*", "*"));
  auto tail = subscribe(subs, deep(99'000, "a", ">"));
  auto exact = subscribe(subs, subject);
  CHECK(receivers(subs, subject) == 3);
  auto held = subs.match(subject);
  CHECK(subs.remove(*tail));
  CHECK(held->stale());
  held = subs.match(subject);
  CHECK(held->plain().size() == 2);
  CHECK(subs.remove(*stars));
  CHECK(subs.remove(*exact));
  CHECK(receivers(subs, subject) == 0);
  pattern_tree tree;
  REQUIRE(tree.add(tail));
  CHECK(tree.node_count() == 99'000);
  CHECK(tree.take(*tail));
  CHECK(tree.node_count() == 0);
}

TEST_CASE("a full cache evicts for a subject asked for twice, and what it evicts is stale") {
  sublist subs{{.entries = 8, .bytes = 1 << 20}};
  subscribe(subs, "*");
  std::vector<ref_ptr<const match_result>> held;
  for (int i = 0; i < 1000; ++i) {
    subs.match(numbered("s", i));
    held.push_back(subs.match(numbered("s", i)));
    CHECK_FALSE(held.back()->stale());
  }
  CHECK(subs.stats().cache_entries == 8);
  auto fresh = [](const auto& result) { return !result->stale(); };
  CHECK(std::count_if(held.begin(), held.end(), fresh) == 8);
  subscribe(subs, ">");
  CHECK(std::count_if(held.begin(), held.end(), fresh) == 0);
}

TEST_CASE("subjects that are used once do not push out what is cached") {
  sublist subs{{.entries = 64, .bytes = 1 << 20}};
  subscribe(subs, "inbox.*");
  for (int i = 0; i < 64; ++i)
    subs.match(numbered("hot.", i));
  for (int i = 0; i < 10'000; ++i)
    CHECK(subs.match(numbered("inbox.", i))->plain().size() == 1);
  auto hits = subs.stats().cache_hits;
  for (int i = 0; i < 64; ++i)
    subs.match(numbered("hot.", i));
  CHECK(subs.stats().cache_hits - hits == 64);
}

TEST_CASE("eviction prefers results that no publisher holds") {
  sublist subs{{.entries = 64, .bytes = 1 << 20}};
  auto hot = subs.match("hot");
  for (int i = 0; i < 20'000; ++i)
    subs.match(numbered("often.", i / 2));
  CHECK_FALSE(hot->stale());
}

TEST_CASE("the cache counts bytes, so that wide results and deep subjects cannot fill memory") {
  sublist subs{{.entries = 1000, .bytes = 100'000}};
  for (int i = 0; i < 1000; ++i)
    subscribe(subs, ">");
  for (int i = 0; i < 200; ++i)
    subs.match(numbered("s", i / 2));
  CHECK(subs.stats().cache_bytes <= 100'000);
  CHECK(subs.stats().cache_entries > 5);
  auto subject = deep(10'000, "a", "b");
  CHECK(subs.match(subject)->stale());
  CHECK_FALSE(subs.match(subject)->stale());
  CHECK(subs.stats().cache_entries == 1);
}

TEST_CASE("subscriptions with the same subject and queue can share their text") {
  sublist subs;
  for (auto subject : {"fleet.all", "fleet.*.all"}) {
    auto one = subscribe(subs, subject);
    CHECK(subs.share_text(subject) == one->text());
    CHECK(subs.share_text(subject, "q") != one->text());
    CHECK(subs.share_text(subject, "q")->queue() == "q");
    auto two = make_ref<interest>(subs.share_text(subject), peer_kind::route, 3u);
    REQUIRE(subs.insert(two));
    CHECK(subs.remove(*one));
    one.reset();
    CHECK(two->subject() == subject);
    CHECK(subs.remove(*two));
    CHECK(subs.share_text(subject) != two->text());
  }
  CHECK(subs.share_text("fleet.>")->subject() == "fleet.>");
}

TEST_CASE("statistics count what happened and what is cached") {
  sublist subs;
  auto one = subscribe(subs, "a");
  subscribe(subs, "*");
  subscribe(subs, "a", "q");
  subs.match("a");
  subs.match("a");
  subs.match("b");
  auto s = subs.stats();
  CHECK(s.subscriptions == 3);
  CHECK(s.inserts == 3);
  CHECK(s.matches == 3);
  CHECK(s.cache_hits == 1);
  CHECK(s.cache_entries == 2);
  CHECK(s.max_fanout == 3);
  CHECK(s.avg_fanout() == 2.0);
  subs.remove(*one);
  CHECK(subs.stats().removes == 1);
  CHECK(subs.stats().cache_entries == 1);
  CHECK(subs.stats().max_fanout == 1);
  s += subs.stats();
  CHECK(s.subscriptions == 5);
  CHECK(s.avg_fanout() == doctest::Approx(5.0 / 3));
}

TEST_CASE("for_each visits every subscription once") {
  sublist subs;
  std::multiset<std::string> told;
  for (auto subject : {"a", "a", "a.*", "a.>", "*", ">", "b.c.d"}) {
    subscribe(subs, subject);
    told.emplace(subject);
  }
  std::multiset<std::string> visited;
  subs.for_each([&](interest& item) { visited.emplace(item.subject()); });
  CHECK(visited == told);
}
