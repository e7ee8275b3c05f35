// monitor/healthz.hpp: the /healthz answer (monitoring.md section 12).
#pragma once

#include "monitor/query.hpp"

#include <nlohmann/json_fwd.hpp>

namespace troupe::monitor {

struct healthz_request {
  bool details = false;
  std::string account;
  std::string stream;
  std::string consumer;
};

/// `fault` is empty, or the 400 answer in plain text.
healthz_request read_healthz_request(const query& from, std::string& fault);

/// `status` becomes 200; 400 for a question that makes no sense; 500 if clients cannot connect.
nlohmann::ordered_json healthz(const healthz_request& request, bool ready, int& status);

} // namespace troupe::monitor
