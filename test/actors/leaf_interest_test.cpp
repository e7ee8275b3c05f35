// test/actors/leaf_interest_test.cpp: what leaf clusters want, compared with a plain model.
#include "actors/leaf_interest.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using actors::leaf_interest;
using actors::leaf_interests;

namespace {

struct model {
  std::map<std::string, std::pair<uint64_t, uint64_t>, std::less<>> clusters; // down, routed
  uint64_t down = 0, routed = 0;
};

actors::shared_text text_of(const std::string& name) {
  return name.empty() ? nullptr : protocol::subject_text::make(name);
}

void compare(const leaf_interests& real, const model& wanted) {
  CHECK(real.all().down == wanted.down);
  CHECK(real.all().routed == wanted.routed);
  CHECK(real.none() == wanted.clusters.empty());
  size_t seen = 0;
  real.for_each([&](const leaf_interest& one) {
    ++seen;
    auto known = wanted.clusters.find(one.name());
    REQUIRE(known != wanted.clusters.end());
    CHECK(known->second == std::pair<uint64_t, uint64_t>{one.down, one.routed});
  });
  CHECK(seen == wanted.clusters.size());
}

} // namespace

TEST_CASE("leaf clusters come and go in any order, and what they want adds up") {
  std::minstd_rand dice{7};
  for (size_t most : {1U, 2U, 3U, 40U}) {
    leaf_interests real;
    model wanted;
    struct wish {
      std::string name;
      bool routed;
      uint32_t weight;
    };
    std::vector<wish> all;
    for (int turn = 0; turn < 2000; ++turn) {
      bool comes = all.empty() || dice() % 64 < (turn / 200 % 2 == 0 ? 40 : 20);
      auto at = all.empty() ? 0 : dice() % all.size();
      auto which = comes ? dice() % most : 0;
      auto one = comes ? wish{which == 0 ? "" : "L" + std::to_string(which), dice() % 2 == 0,
                              static_cast<uint32_t>(dice() % 3 + 1)}
                       : all[at];
      real.change(text_of(one.name), one.routed ? &leaf_interest::routed : &leaf_interest::down,
                  one.weight, comes);
      auto add = [&](uint64_t& to) { to = comes ? to + one.weight : to - one.weight; };
      auto& known = wanted.clusters[one.name];
      add(one.routed ? known.second : known.first);
      add(one.routed ? wanted.routed : wanted.down);
      if (known == std::pair<uint64_t, uint64_t>{})
        wanted.clusters.erase(one.name);
      if (comes)
        all.push_back(one);
      else
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
      compare(real, wanted);
      uint32_t steps = 0;
      auto found = real.of(one.name, steps);
      auto left = wanted.clusters.find(one.name);
      CHECK(found.down == (left == wanted.clusters.end() ? 0 : left->second.first));
      CHECK(found.routed == (left == wanted.clusters.end() ? 0 : left->second.second));
      CHECK(steps <= 2);
    }
  }
}

TEST_CASE("what was never there does not go") {
  leaf_interests real;
  real.change(text_of("L1"), &leaf_interest::down, 1, false);
  CHECK(real.none());
  real.change(text_of("L1"), &leaf_interest::down, 1, true);
  real.change(text_of("L2"), &leaf_interest::down, 1, false);
  CHECK(real.all().down == 1);
}
