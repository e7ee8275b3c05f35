// config/gateway_options.hpp: the block `gateway` of YAML and of nats-server's format.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

/// Reads the member `gateway` (server-config.md section 13) into `to`.
void read_gateway(const member& one, dialect from, reading& to);

} // namespace troupe::config
