// config/websocket_options.hpp: the block `websocket`.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

void read_websocket(const member& one, dialect from, reading& to);

} // namespace troupe::config
