// cli/problem.hpp: what went wrong in a client tool, in words, with the exit code it deserves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::cli {

/// The exit codes of every client tool; `--help` of each says what they mean there.
enum class exit_code : uint8_t { ok = 0, failure = 1, usage = 2, nothing = 3 };

struct problem {
  std::string text;
  std::string hint = {}; ///< what to try next; empty: no idea
  exit_code code = exit_code::failure;
};

/// Empty means it went well.
using outcome = std::optional<problem>;

/// Writes `troupe: TEXT` and the hint to standard error and returns the code as an int.
int report(const problem& what);

} // namespace troupe::cli
