// test/protocol/subject_test.cpp: what the algebra of subjects promises.
#include "protocol/subject.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace troupe::protocol;

TEST_CASE("a wildcard counts only as a whole token") {
  CHECK(is_literal("a*.b>.c"));
  CHECK_FALSE(is_literal("a.*"));
  CHECK_FALSE(is_literal(">"));
  CHECK(matches("a*", "a*"));
  CHECK_FALSE(matches("ab", "a*"));
}

TEST_CASE("a subscription has no empty token and its full wildcard stands last") {
  for (auto good : {"a", "a.b", "*", ">", "a.*.c", "a.>", "$SYS.>", "a*.b"})
    CHECK_MESSAGE(is_valid_subscription(good), good);
  for (auto bad : {"", ".", "a.", ".a", "a..b", "a.>.b", ">.a", "a b", "a\tb"})
    CHECK_MESSAGE(!is_valid_subscription(bad), bad);
}

TEST_CASE("star takes exactly one token, the full wildcard one or more") {
  CHECK(matches("a.b", "a.*"));
  CHECK_FALSE(matches("a", "a.*"));
  CHECK_FALSE(matches("a.b.c", "a.*"));
  CHECK(matches("a.b.c", "a.>"));
  CHECK_FALSE(matches("a", "a.>"));
  CHECK(matches("a", ">"));
}

TEST_CASE("a published subject with an empty token reaches nobody") {
  for (auto subject : {"a..b", ".a", "a.", ""})
    for (auto pattern : {">", "*", "a.>", "a.*.b", "*.*"})
      CHECK_MESSAGE(!matches(subject, pattern), subject << " against " << pattern);
}

TEST_CASE("subset and overlap agree with matching over a small alphabet") {
  // Every pattern of up to three tokens over {a, b, *, >}, against every literal over {a, b}.
  std::vector<std::string> patterns;
  std::vector<std::string> literals;
  std::vector<std::string> level{""};
  for (int depth = 0; depth < 4; ++depth) {
    std::vector<std::string> next;
    for (const auto& head : level)
      for (std::string token : {"a", "b", "*", ">"})
        if (auto s = head.empty() ? token : head + "." + token; is_valid_subscription(s)) {
          next.push_back(s);
          if (depth < 3)
            patterns.push_back(s);
          if (is_literal(s))
            literals.push_back(s);
        }
    level = next;
  }
  for (const auto& x : patterns)
    for (const auto& y : patterns) {
      bool subset = true;
      bool overlap = false;
      for (const auto& l : literals) {
        bool in_x = matches(l, x);
        bool in_y = matches(l, y);
        subset = subset && (!in_x || in_y);
        overlap = overlap || (in_x && in_y);
      }
      // `*.*` against `a.*` and `b.*` together is no subset of either, and the two-letter alphabet
      // hides a third token; only literal coverage by one pattern can be judged here.
      if (is_subset(x, y))
        CHECK_MESSAGE(subset, x << " inside " << y);
      CHECK_MESSAGE(overlaps(x, y) == overlap, x << " overlapping " << y);
    }
  CHECK(is_subset("foo.*", "foo.>"));
  CHECK_FALSE(is_subset("foo.>", "foo.*"));
  CHECK_FALSE(is_subset("*.b", "a.b"));
}
