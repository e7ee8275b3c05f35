// test/actors/isolation_test.cpp: random accounts hear what a simple model says, and nothing else.
#include "test/actors/isolation_world.hpp"

#include <cstdlib>

using troupe::test::isolation_world;

namespace {

/// TROUPE_ISOLATION_MESSAGES: how many in all. TROUPE_ISOLATION_SEED: plays that world alone.
size_t setting(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

TEST_CASE("every message reaches exactly those whom exports and imports let have it") {
  constexpr size_t of_one_world = 400;
  const auto wanted = setting("TROUPE_ISOLATION_MESSAGES", 20000);
  const auto alone = setting("TROUPE_ISOLATION_SEED", 0);
  size_t seed = alone > 0 ? alone : 1;
  isolation_world::figures all;
  for (; all.played < wanted; ++seed) {
    isolation_world world{seed, of_one_world};
    auto wrong = world.play();
    all.played += world.sums().played;
    all.delivered += world.sums().delivered;
    all.crossed += world.sums().crossed;
    all.answered += world.sums().answered;
    all.changes += world.sums().changes;
    REQUIRE_MESSAGE(wrong.empty(), "TROUPE_ISOLATION_SEED=" << seed << " " << wrong);
    if (alone > 0)
      return;
  }
  MESSAGE(all.delivered << " deliveries, " << all.crossed << " to other accounts, " << all.answered
                        << " responses among them; " << all.changes << " changes of accounts");
  CHECK(all.crossed > all.played / 10);
  CHECK(all.answered > all.played / 200);
  CHECK(all.changes > all.played / 200);
}
