// config/leafnode_options.hpp: the block `leafnodes` of YAML and of nats-server's format.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

/// Reads the member `leafnodes` (server-config.md section 14) into `to`.
void read_leafnodes(const member& one, dialect from, reading& to);

} // namespace troupe::config
