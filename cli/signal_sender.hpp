// cli/signal_sender.hpp: `nats-server --signal`: tells a running broker what to do.
#pragma once

#include <string>

namespace troupe::cli {

/// `word`: stop quit term reload reopen ldm. `target`: a process id, one that ends in `*` (every
/// process whose id begins so), a pid file, or empty: the one running process of that name. Empty,
/// or why nothing was sent.
std::string send_signal(const std::string& word, const std::string& target);

} // namespace troupe::cli
