// cli/bench_swarm.hpp: opens very many connections at once, to hold them idle or to count
// handshakes.
#pragma once

#include "cli/bench_plan.hpp"

#include <functional>

namespace troupe::cli {

struct swarm_plan {
  connect_options connection;
  uint32_t connections = 1000;
  uint32_t subscriptions = 2; ///< each; the first is the node's own subject, the others are shared
  uint32_t at_once = 128;     ///< connections that are being opened at any time
  bool hold = true;           ///< false: close each as soon as it is logged in
  std::chrono::nanoseconds idle_limit = std::chrono::seconds{10};
  bool show_progress = false;
};

struct swarm_result {
  uint32_t opened = 0;
  double seconds = 0; ///< until the last was logged in
  double cpu_seconds = 0;
};

/// Opens all, with a TLS handshake each if the connection options ask for it; then calls `ready`
/// and, if they are to be held, answers PINGs until `stop_fd` or `hold_fd` is readable.
outcome run_swarm(const swarm_plan& plan, swarm_result& out, int stop_fd, int hold_fd,
                  const std::function<void(const swarm_result&)>& ready);

} // namespace troupe::cli
