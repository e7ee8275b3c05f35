// test/e2e/free_port.hpp: ports that a test names before a server listens on them.
#pragma once
#include <cstdint>

namespace troupe::e2e {

/// A port of 127.0.0.1 on which nothing listens. It is held until the process ends: whoever asks
/// the system for any port is not given it, and a server that names it may listen there, as often
/// as it is started.
uint16_t free_port();

} // namespace troupe::e2e
