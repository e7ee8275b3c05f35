// cli/bench_report.cpp: the words and the fields of benchmark results.
#include "cli/bench_report.hpp"

#include "cli/duration.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace troupe::cli {
namespace {

using nlohmann::json;

std::string thousands(double value) {
  auto digits = fmt::format("{:.0f}", value);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string plural(uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void print_json(const json& what) {
  fmt::print("{}\n", what.dump());
  std::fflush(stdout);
}

double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

} // namespace

void print_load(const load_plan& plan, const load_result& result, bool as_json) {
  auto in = per_second(result.published, result.seconds);
  auto out = per_second(result.delivered, result.seconds);
  auto payload = static_cast<double>(plan.size) / 1e6;
  if (as_json)
    return print_json({{"mode", plan.subscribers == 0 ? "publish" : "deliver"},
                       {"publishers", plan.publishers},
                       {"subscribers", plan.subscribers},
                       {"size", plan.size},
                       {"seconds", result.seconds},
                       {"published", result.published},
                       {"delivered", result.delivered},
                       {"published_per_second", in},
                       {"delivered_per_second", out},
                       {"published_mb_per_second", in * payload},
                       {"delivered_mb_per_second", out * payload},
                       {"published_wire_bytes", result.published_bytes},
                       {"delivered_wire_bytes", result.delivered_bytes},
                       {"verified", plan.verify},
                       {"own_cpu_seconds", result.cpu_seconds}});
  fmt::print("{} of {} bytes, {} to {}{}\n", plural(result.published, "message"), plan.size,
             plural(plan.publishers, "publisher"), plural(plan.subscribers, "subscriber"),
             plan.verify ? ", every message verified" : "");
  fmt::print("  published  {:>14} msg/s  {:>10.1f} MB/s\n", thousands(in), in * payload);
  if (plan.subscribers > 0)
    fmt::print("  delivered  {:>14} msg/s  {:>10.1f} MB/s\n", thousands(out), out * payload);
  fmt::print("  from the first publish to the last {}: {:.3f} s; CPU used by this tool: {:.2f} s\n",
             plan.subscribers == 0 ? "PONG" : "delivery", result.seconds, result.cpu_seconds);
}

void print_requests(const request_plan& plan, const latency_result& result, bool as_json) {
  constexpr std::pair<const char*, double> rows[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1.0}};
  auto rate = per_second(result.nanos.size(), result.seconds);
  if (as_json) {
    json out{{"mode", "request"},
             {"requests", result.nanos.size()},
             {"in_flight", plan.in_flight},
             {"size", plan.size},
             {"seconds", result.seconds},
             {"requests_per_second", rate},
             {"own_cpu_seconds", result.cpu_seconds}};
    for (const auto& [name, share] : rows)
      out["microseconds"][name] = static_cast<double>(result.percentile(share)) / 1e3;
    return print_json(out);
  }
  fmt::print("{} of {} bytes, {} in flight: {} per second\n",
             plural(result.nanos.size(), "request"), plan.size, plan.in_flight, thousands(rate));
  for (const auto& [name, share] : rows)
    fmt::print("  {:<6} {:>9}\n", name,
               show_duration(std::chrono::nanoseconds{result.percentile(share)}));
}

void print_swarm(const swarm_plan& plan, const swarm_result& result, bool as_json) {
  auto rate = per_second(result.opened, result.seconds);
  if (as_json)
    return print_json({{"mode", plan.hold ? "connections" : "handshakes"},
                       {"opened", result.opened},
                       {"subscriptions", plan.subscriptions},
                       {"seconds", result.seconds},
                       {"per_second", rate},
                       {"own_cpu_seconds", result.cpu_seconds}});
  fmt::print("{} in {:.2f} s ({} per second){}\n",
             plan.hold ? plural(result.opened, "connection") + " open"
                       : plural(result.opened, "handshake"),
             result.seconds, thousands(rate), plan.hold ? "; holding them until Ctrl-C" : "");
  std::fflush(stdout);
}

void print_interest(const interest_plan& plan, const interest_result& result, bool as_json) {
  auto rate = per_second(plan.subscriptions, result.seconds);
  if (as_json)
    return print_json({{"mode", "interest"},
                       {"subscriptions", plan.subscriptions},
                       {"seconds", result.seconds},
                       {"per_second", rate},
                       {"own_cpu_seconds", own_cpu_seconds()}});
  fmt::print("{} known at the other server after {:.3f} s ({} per second)\n",
             plural(plan.subscriptions, "subscription"), result.seconds, thousands(rate));
  std::fflush(stdout);
}

} // namespace troupe::cli
