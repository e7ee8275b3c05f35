// config/resolver_options.hpp: the key `resolver` of nats-server's format.
#pragma once

#include "config/findings.hpp"

namespace troupe::config {

/// `MEMORY`, `URL(http://…)` or a map with a type of its own.
void read_resolver(const member& one, reading& to);

} // namespace troupe::config
