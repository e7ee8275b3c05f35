// config/flag_table.hpp: every flag of nats-server and the option it sets.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::config {

enum class flag_kind : uint8_t { text, number, flag };

struct flag_row {
  std::string_view names; ///< separated by blanks
  flag_kind kind;
  /// The option by its name in registry(); "" for a flag with a meaning of its own; "later" for a
  /// feature that is not run yet.
  std::string_view option;
};

/// Null for an unknown flag.
const flag_row* find_flag(std::string_view name);

} // namespace troupe::config
