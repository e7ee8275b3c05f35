// config/difference.hpp: what a reload would change, and whether a running broker can do it.
#pragma once

#include "config/options.hpp"

#include <string>
#include <vector>

namespace troupe::config {

struct change {
  std::string option;   ///< Troupe's name: "limits.max_connections"
  std::string before;   ///< as an operator writes it; "[REDACTED]" for a secret
  std::string after;    ///< likewise
  bool refused = false; ///< a running broker cannot change it
  /// For the log: "Reloaded: max_connections = 10", or for a refused one the reason as nats-server
  /// words it: "config reload not supported for Port: old=4222, new=4333".
  std::string line;
};

struct difference {
  std::vector<change> changes; ///< in the order of the registry

  /// The reasons of all refused changes, each once; empty when the reload can go on.
  std::vector<std::string> refusals() const;
  /// Lines for the log after a successful reload; one that says so if no option has changed.
  /// nats-server says "authorization users" and "accounts" every time, for it cannot compare them.
  std::vector<std::string> lines() const;
};

difference compare(const options& before, const options& after);

} // namespace troupe::config
