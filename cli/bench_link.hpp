// cli/bench_link.hpp: loads over two servers that are linked.
#pragma once

#include "cli/bench_plan.hpp"
#include "cli/session.hpp"

#include <functional>

namespace troupe::cli {

/// Waits until the server of the publishers knows what the server of the subscribers has been told
/// so far, within `plan.idle_limit`. Interest goes over a link in its order; so it does once a
/// message to a subject that nobody else knows comes back from there.
outcome await_interest(const load_plan& plan, tls_context& tls, int stop_fd);

struct interest_plan {
  load_plan sessions;              ///< who connects where; its `subject` heads all subjects
  uint32_t subscriptions = 10'000; ///< distinct subjects, on one connection
};

struct interest_result {
  double seconds = 0; ///< from the first SUB until the other server knows the last one
};

/// Subscribes at one server, waits for the other one, calls `ready`, and keeps the subscriptions
/// until `stop_fd` or `hold_fd` is readable; without `hold_fd` (-1) it ends.
outcome run_interest(const interest_plan& plan, interest_result& out, int stop_fd, int hold_fd,
                     const std::function<void(const interest_result&)>& ready);

} // namespace troupe::cli
