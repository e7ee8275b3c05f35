// bench/sublist_bench.cpp: what a subscription costs in time and memory, by size of the sublist.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/sublist.hpp"

using namespace troupe::protocol;

namespace {

using clock_type = std::chrono::steady_clock;
using interests = std::vector<ref_ptr<interest>>;

struct figure {
  std::string name;
  double value;
  std::string unit;
};

/// Of several runs the smallest value of each figure counts: what disturbs a run only adds.
class report {
public:
  void add(std::string name, double value, std::string unit) {
    auto known = std::find_if(figures_.begin(), figures_.end(),
                              [&](const figure& f) { return f.name == name; });
    if (known == figures_.end())
      figures_.push_back({std::move(name), value, std::move(unit)});
    else
      known->value = std::min(known->value, value);
  }
  void print(bool as_json) const {
    if (as_json) {
      auto all = nlohmann::json::array();
      for (auto& f : figures_)
        all.push_back({{"name", f.name}, {"value", f.value}, {"unit", f.unit}});
      std::cout << all.dump(2) << '\n';
      return;
    }
    for (auto& f : figures_)
      std::printf("%-66s %12.1f %s\n", f.name.c_str(), f.value, f.unit.c_str());
  }

private:
  std::vector<figure> figures_;
};

double ns_since(clock_type::time_point start) {
  return std::chrono::duration<double, std::nano>(clock_type::now() - start).count();
}

/// Runs `what(0)` to `what(count - 1)`; returns nanoseconds for each.
template <class What>
double timed(size_t count, What&& what) {
  auto start = clock_type::now();
  for (size_t i = 0; i < count; ++i)
    what(i);
  return ns_since(start) / static_cast<double>(count);
}

/// Bytes that the program holds from the allocator, its overhead per block included.
double heap_bytes() {
  auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

std::string nuid(std::mt19937_64& dice) {
  constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id;
  for (int i = 0; i < 22; ++i)
    id.push_back(digits[dice() % 62]);
  return id;
}

/// A fleet's subjects: every tenth has a wildcard, of the kinds that clients use.
std::string subscription_subject(size_t i, std::mt19937_64& dice) {
  auto number = std::to_string(i);
  auto site = std::to_string(i % 500);
  if (i % 10 != 0)
    return std::string{"fleet.site"}.append(site).append(".node.n").append(number).append(".cmd");
  if (i % 20 == 0)
    return std::string{"_INBOX."}.append(nuid(dice)).append(".*");
  if (i % 30 == 0)
    return std::string{"metrics.*.site"}.append(site).append(".n").append(number);
  return std::string{"fleet.site"}.append(site).append(".group.g").append(number).append(".>");
}

std::string published_subject(std::string subject) {
  for (auto& byte : subject)
    if (byte == '*' || byte == '>')
      byte = 'x';
  return subject;
}

void measure_million(report& out) {
  constexpr size_t distinct = 200'000;
  constexpr size_t total = 1'000'000;
  std::mt19937_64 dice{1};
  std::vector<std::string> subjects;
  for (size_t i = 0; i < distinct; ++i)
    subjects.push_back(subscription_subject(i, dice));
  std::vector<uint32_t> order(total);
  for (size_t i = 0; i < total; ++i)
    order[i] = static_cast<uint32_t>(i % distinct);
  std::shuffle(order.begin(), order.end(), dice);

  interests all;
  all.reserve(total);
  sublist subs;
  auto before = heap_bytes();
  out.add("1M subscriptions: make one interest",
          timed(total, [&](size_t i) { all.push_back(make_ref<interest>(subjects[order[i]])); }),
          "ns");
  auto made = heap_bytes();
  out.add("1M subscriptions: insert", timed(total, [&](size_t i) { subs.insert(all[i]); }), "ns");
  auto inserted = heap_bytes();
  out.add("1M subscriptions: interest object and strings", (made - before) / total, "bytes each");
  out.add("1M subscriptions: table and tree", (inserted - made) / total, "bytes each");
  out.add("1M subscriptions: together", (inserted - before) / total, "bytes each");

  std::vector<std::string> published;
  for (auto& subject : subjects)
    published.push_back(published_subject(subject));
  std::shuffle(published.begin(), published.end(), dice);
  size_t matched = 0;
  auto match = [&](size_t i) { matched += subs.match(published[i])->plain().size(); };
  constexpr size_t warm = 50'000;
  out.add("1M subscriptions: match cold, cache filling", timed(warm, match), "ns");
  out.add("1M subscriptions: cache with 50 000 results", (heap_bytes() - inserted) / warm,
          "bytes each");
  out.add("1M subscriptions: match warm (cached result)",
          timed(500'000, [&](size_t i) { match(i * 7919 % warm); }), "ns");
  out.add("1M subscriptions: match warm, the same 100 subjects",
          timed(500'000, [&](size_t i) { subs.match(published[i % 100]); }), "ns");
  auto held = subs.match(published[0]);
  size_t fresh = 0;
  out.add("1M subscriptions: publisher's check of a result it holds",
          timed(1'000'000, [&](size_t) { fresh += held->stale() ? 0u : 1u; }), "ns");
  out.add("1M subscriptions: match cold, cache full",
          timed(distinct - warm, [&](size_t i) { match(warm + i); }), "ns");
  if (matched != distinct * 5 + 500'000 * 5 || fresh != 1'000'000)
    std::cerr << "matched " << matched << " instead of five for each match\n";

  std::shuffle(all.begin(), all.end(), dice);
  out.add("1M subscriptions: remove, results of a full cache going stale",
          timed(total, [&](size_t i) { subs.remove(*all[i]); }), "ns");
  double slowest = 0;
  for (auto& item : all) {
    auto start = clock_type::now();
    subs.insert(item);
    slowest = std::max(slowest, ns_since(start));
  }
  out.add("1M subscriptions: slowest insert (the table grows)", slowest / 1e6, "ms");
  for (auto& item : all)
    subs.remove(*item);
  all.clear();
  auto empty = heap_bytes();
  for (auto i : order)
    subs.insert(all.emplace_back(make_ref<interest>(subs.share_text(subjects[i]))));
  out.add("1M subscriptions: together, with shared texts", (heap_bytes() - empty) / total,
          "bytes each");
}

void measure_one_subject(report& out) {
  constexpr size_t crowd = 50'000;
  constexpr size_t part = 1000;
  interests all;
  for (size_t i = 0; i < crowd; ++i)
    all.push_back(make_ref<interest>("all.hands"));
  std::shuffle(all.begin(), all.end(), std::mt19937_64{4});
  sublist subs;
  auto insert_from = [&](size_t first) {
    return timed(part, [&](size_t i) { subs.insert(all[first + i]); });
  };
  out.add("50 000 of one subject: add, first 1000", insert_from(0), "ns");
  for (size_t i = part; i < crowd - part; ++i)
    subs.insert(all[i]);
  out.add("50 000 of one subject: add, last 1000", insert_from(crowd - part), "ns");
  out.add("50 000 of one subject: match cold",
          timed(1, [&](size_t) { subs.match("all.hands"); }) / 1e3, "us");
  auto& last = *all.back();
  out.add("50 000 of one subject: remove, match, add, match",
          timed(200,
                [&](size_t) {
                  subs.remove(last);
                  subs.match("all.hands");
                  subs.insert(all.back());
                  subs.match("all.hands");
                })
              / 1e3,
          "us");
  out.add("50 000 of one subject: remove 1000",
          timed(part, [&](size_t i) { subs.remove(*all[i]); }), "ns");
}

void measure_unrelated(report& out) {
  std::mt19937_64 dice{2};
  std::vector<std::string> published;
  for (size_t i = 0; i < 60'000; ++i)
    published.push_back(std::string{"fleet.site"}
                            .append(std::to_string(i % 100))
                            .append(".n")
                            .append(std::to_string(i)));
  for (auto unrelated : std::initializer_list<size_t>{0, 10'000, 100'000}) {
    sublist subs;
    subs.insert(make_ref<interest>("fleet.*.*"));
    for (size_t i = 0; i < unrelated; ++i)
      subs.insert(make_ref<interest>(
          i % 2 ? std::string{"_INBOX."}.append(nuid(dice)).append(".*")
                : std::string{"fleet.other"}.append(std::to_string(i)).append(".>")));
    auto name = std::string{"match cold, unrelated wildcards: "}.append(std::to_string(unrelated));
    out.add(name, timed(published.size(), [&](size_t i) { subs.match(published[i]); }), "ns");
  }
}

/// Why literal subjects are not kept in the tree of patterns, which could hold them as well.
void measure_choice(report& out) {
  constexpr size_t count = 200'000;
  std::mt19937_64 dice{3};
  interests all;
  for (size_t i = 0; all.size() < count; ++i)
    if (i % 10 != 0)
      all.push_back(make_ref<interest>(subscription_subject(i, dice)));
  std::shuffle(all.begin(), all.end(), dice);
  size_t found = 0;
  {
    auto before = heap_bytes();
    literal_table table;
    auto add = [&](size_t i) { table.add(all[i], hash_subject(all[i]->subject())); };
    out.add("200 000 literals in a table: insert", timed(count, add), "ns");
    out.add("200 000 literals in a table: memory", (heap_bytes() - before) / count, "bytes each");
    auto find = [&](size_t i) {
      auto subject = all[i * 7919 % count]->subject();
      found += table.find(subject, hash_subject(subject))->size();
    };
    out.add("200 000 literals in a table: find", timed(count, find), "ns");
    for (auto& item : all)
      table.take(*item, hash_subject(item->subject()));
  }
  auto before = heap_bytes();
  pattern_tree tree;
  out.add("200 000 literals in the tree: insert", timed(count, [&](size_t i) { tree.add(all[i]); }),
          "ns");
  out.add("200 000 literals in the tree: memory", (heap_bytes() - before) / count, "bytes each");
  std::vector<const interest_set*> sets;
  auto find = [&](size_t i) {
    sets.clear();
    tree.match(all[i * 7919 % count]->subject(), sets);
    found += sets.size();
  };
  out.add("200 000 literals in the tree: find", timed(count, find), "ns");
  if (found != 2 * count)
    std::cerr << "found " << found << " instead of " << 2 * count << '\n';
}

/// Somebody subscribes to everything while the cache is full: all publishers wait for it.
void measure_look_around(report& out) {
  for (auto pattern : {">", "fleet.>", "fleet.site7.>"}) {
    result_cache cache{{}};
    result_cache::dropped dropped;
    for (size_t i = 0; i < cache_limits{}.entries; ++i) {
      auto subject = std::string{"fleet.site"}.append(std::to_string(i % 500)).append(".node.n");
      subject.append(std::to_string(i)).append(".cmd");
      cache.keep(match_result::make(subject, {}), hash_subject(subject), dropped);
    }
    auto start = clock_type::now();
    cache.drop_matching(pattern, false, 0, dropped);
    auto name = std::string{"65 536 results, of which stale after SUB "}.append(pattern);
    name.append(": ").append(std::to_string(dropped.results.size()));
    out.add(name, ns_since(start) / 1e6, "ms");
  }
}

} // namespace

int main(int argc, char** argv) {
  bool as_json = false;
  int runs = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      as_json = true;
    } else if (std::strcmp(argv[i], "--runs") == 0 && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      runs = std::atoi(argv[++i]);
    } else {
      std::cerr << "usage: sublist_bench [--json] [--runs N]\n";
      return 2;
    }
  }
  report out;
  for (int run = 0; run < runs; ++run) {
    measure_million(out);
    measure_one_subject(out);
    measure_unrelated(out);
    measure_choice(out);
    measure_look_around(out);
  }
  out.print(as_json);
  return 0;
}
