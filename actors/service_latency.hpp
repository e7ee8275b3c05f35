// actors/service_latency.hpp: which requests to a service are measured, and the metric about one.
#pragma once

#include "actors/response_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::actors {

/// How a measured request ended, with nats-server's numbers.
enum class latency_status : uint16_t {
  answered = 200,
  bad_request = 400,         ///< it left no subject for the answer
  request_timeout = 408,     ///< the requester waits no more
  service_unavailable = 503, ///< nobody was there to serve it
  service_timeout = 504,     ///< nobody answered in time
};

/// Nothing: the request is not measured. Else JSON of the headers that asked for it; empty if
/// chance did. `headers`: the request's block, or nothing. `chance`: 0 to 99.
/// (accounts-and-auth.md 10.6)
std::optional<std::string> sampled(const security::latency_rule& rule, std::string_view headers,
                                   uint32_t chance);

/// Whoever answered.
struct responder {
  std::string description; ///< JSON; empty: not known
  std::chrono::nanoseconds rtt{0};
};

/// The JSON of one metric. `by`: null if nobody answered, and then the durations are 0.
std::string latency_metric(const latency_record& request, latency_status status,
                           const responder* by);

} // namespace troupe::actors
