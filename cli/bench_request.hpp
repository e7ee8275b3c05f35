// cli/bench_request.hpp: measures round trips of requests over a server.
#pragma once

#include "cli/bench_plan.hpp"

namespace troupe::cli {

struct request_plan {
  connect_options connection;
  uint64_t requests = 10'000;
  uint64_t warm_up = 500; ///< sent before, not measured
  size_t size = 16;
  uint32_t in_flight = 1; ///< 1: one at a time
  std::string subject = "bench.request";
  std::string responder_user; ///< who answers logs in as this user; empty: as who asks
  std::vector<server_address> responder_servers; ///< and connects here; empty: where who asks does
  std::chrono::nanoseconds idle_limit = std::chrono::seconds{10};
};

/// One connection asks, another one (of its own thread) answers with the same payload. A lost reply
/// is a failure.
outcome run_requests(const request_plan& plan, latency_result& out, int stop_fd);

} // namespace troupe::cli
