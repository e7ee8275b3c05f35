// cli/problem.cpp: the one form in which client tools complain.
#include "cli/problem.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace troupe::cli {

int report(const problem& what) {
  std::fflush(stdout); // where both go to one file, what was shown comes before what is wrong
  fmt::print(stderr, "troupe: {}\n", what.text);
  if (!what.hint.empty())
    fmt::print(stderr, "        hint: {}\n", what.hint);
  return static_cast<int>(what.code);
}

} // namespace troupe::cli
