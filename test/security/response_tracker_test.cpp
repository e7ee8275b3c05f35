// test/security/response_tracker_test.cpp: how often and how long a reply subject may be used.
#include "security/response_tracker.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using namespace std::chrono_literals;

namespace {
constexpr response_tracker::time_point start{};
}

TEST_CASE("a reply subject may be used as often as the rule says, then is forgotten") {
  response_tracker once{{1, 1min}};
  once.remember("r", start);
  CHECK(once.use("r", start));
  CHECK_FALSE(once.use("r", start));
  response_tracker thrice{{3, 1min}};
  thrice.remember("r", start);
  for (int i = 0; i < 3; ++i)
    CHECK(thrice.use("r", start));
  CHECK_FALSE(thrice.use("r", start));
  CHECK(thrice.size() == 0);
}

TEST_CASE("a subject that was never a reply may not be used") {
  response_tracker t{{}};
  CHECK_FALSE(t.use("r", start));
  t.remember("r", start);
  CHECK_FALSE(t.use("r.x", start));
}

TEST_CASE("a reply subject expires after its time and not before") {
  response_tracker t{{-1, 300ms}};
  t.remember("r", start);
  CHECK(t.use("r", start + 300ms));
  CHECK_FALSE(t.use("r", start + 301ms));
  CHECK_FALSE(t.use("r", start));
}

TEST_CASE("negative limits are no limits and zero means the defaults") {
  response_tracker forever{{-1, -1ns}};
  forever.remember("r", start);
  for (int i = 0; i < 1000; ++i)
    CHECK(forever.use("r", start + std::chrono::hours{i}));
  response_tracker usual{{0, 0ns}};
  usual.remember("r", start);
  CHECK(usual.use("r", start + 2min));
  CHECK_FALSE(usual.use("r", start + 2min));
}

TEST_CASE("the same reply subject delivered again starts afresh") {
  response_tracker t{{1, 1s}};
  t.remember("r", start);
  CHECK(t.use("r", start));
  t.remember("r", start);
  t.remember("r", start + 900ms);
  CHECK(t.use("r", start + 1800ms));
}

TEST_CASE("the table never outgrows its bound and gives up the oldest first") {
  response_tracker t{{-1, -1ns}};
  for (size_t i = 0; i <= response_tracker::max_entries; ++i)
    t.remember("r" + std::to_string(i), start);
  CHECK(t.size() == response_tracker::max_entries);
  CHECK_FALSE(t.use("r0", start));
  CHECK(t.use("r1", start));
}

TEST_CASE("remembering drops what has expired") {
  response_tracker t{{1, 1s}};
  for (int i = 0; i < 100; ++i)
    t.remember("r" + std::to_string(i), start);
  t.remember("late", start + 2s);
  CHECK(t.size() == 1);
}
