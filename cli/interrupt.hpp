// cli/interrupt.hpp: turns SIGINT and SIGTERM into a readable file descriptor.
#pragma once

namespace troupe::cli {

/// From the first call on, SIGINT and SIGTERM no longer kill the process but make the returned
/// descriptor readable, for good. Give it to client or poll(). SIGPIPE is ignored.
int interrupt_fd();

} // namespace troupe::cli
