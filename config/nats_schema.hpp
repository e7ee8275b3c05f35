// config/nats_schema.hpp: the keys of nats-server's features that this release does not run yet.
#pragma once

#include "config/findings.hpp"

namespace troupe::config {

/// If `one` (a top-level member, `key` its name in lower case) belongs to a feature that is known
/// but not run, checks the keys below it, notes it as inactive and returns true.
bool accept_inactive(const member& one, const std::string& key, findings& found);

} // namespace troupe::config
