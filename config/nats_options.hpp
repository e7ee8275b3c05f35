// config/nats_options.hpp: what nats-server's configuration keys mean for our options.
#pragma once

#include "config/findings.hpp"

namespace troupe::config {

/// Puts the root map of a parsed file (server-config.md sections 9, 10, 11, 16) into `to`. All
/// mistakes are collected. Two aliases of one option are refused; of `listen` and `host`/`port`
/// the later one wins.
void read_nats_options(const value& root, reading& to);

} // namespace troupe::config
