// config/print.hpp: the options in force, and the keys that set them, for people.
#pragma once

#include "config/load.hpp"

namespace troupe::config {

/// One line per option for `troupe run --check`: name, value (secrets as [REDACTED]) and origin,
/// in columns; then the users and what is accepted but not active yet.
std::string print_options(const load_result& result);

/// Every YAML key with its kind, default and meaning, and nats-server's name for it.
std::string describe_keys();

} // namespace troupe::config
