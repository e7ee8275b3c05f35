// config/cluster_options.hpp: the block `cluster` of YAML and of nats-server's format.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

/// Reads the member `cluster` (server-config.md section 12) into `to`.
void read_cluster(const member& one, dialect from, reading& to);

} // namespace troupe::config
