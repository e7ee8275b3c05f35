// monitor/varz.hpp: the /varz answer (monitoring.md section 3).
#pragma once

#include "monitor/source.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>

namespace troupe::monitor {

/// Counts of requests by path, without the base path.
using request_counts = std::map<std::string, uint64_t>;

/// What only this process and moment know.
struct process_facts {
  actors::wall_time now;
  uint64_t memory = 0; ///< bytes resident
  double cpu = 0;      ///< percent of one core
  size_t cores = 1;
  request_counts requests;
};

/// Puts what `advertise` says (`host[:port]`) in place of where clients connect.
void apply_advertise(const std::string& text, std::string& host, int& port);

nlohmann::ordered_json varz(const server_facts& server, const process_facts& process);

} // namespace troupe::monitor
