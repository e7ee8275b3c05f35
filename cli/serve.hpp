// cli/serve.hpp: one broker process from its first log line to its last.
#pragma once

#include "config/options.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::cli {

/// What reading the configuration again came to.
struct reload_outcome {
  config::options options;
  std::vector<std::string> changes;  ///< log lines, "Reloaded: max_connections = 10"
  std::vector<std::string> warnings; ///< said in the log, whatever becomes of it
  std::vector<std::string> errors;   ///< set: nothing may change
};

struct serve_request {
  config::options options;
  std::vector<std::string> warnings; ///< said in the log once it is open
  /// Called on SIGHUP with the running options; empty: there is no file to read again.
  std::function<reload_outcome(const config::options& running)> read_again;
  std::string program = "troupe"; ///< names the ports file
};

/// Runs until a signal ends it; the process's exit code.
int serve(serve_request request);

} // namespace troupe::cli
