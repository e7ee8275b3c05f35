// cli/bench_report.hpp: prints what a benchmark measured, for people or as one JSON object.
#pragma once

#include "cli/bench_link.hpp"
#include "cli/bench_plan.hpp"
#include "cli/bench_request.hpp"
#include "cli/bench_swarm.hpp"

namespace troupe::cli {

void print_load(const load_plan& plan, const load_result& result, bool json);
void print_requests(const request_plan& plan, const latency_result& result, bool json);
void print_swarm(const swarm_plan& plan, const swarm_result& result, bool json);
void print_interest(const interest_plan& plan, const interest_result& result, bool json);

} // namespace troupe::cli
