// monitor/subsz.hpp: the /subsz answer (monitoring.md section 9).
#pragma once

#include "actors/snapshot.hpp"
#include "monitor/query.hpp"
#include "protocol/sublist.hpp"

#include <nlohmann/json_fwd.hpp>

namespace troupe::monitor {

struct subsz_request {
  bool subscriptions = false;
  uint64_t offset = 0;
  uint64_t limit = 1024;
  std::string account; ///< empty: all
  std::string test;    ///< a literal subject: only what would receive it is listed
};

/// `fault` is empty, or the 400 answer.
subsz_request read_subsz_request(const query& from, std::string& fault);

/// `all` are the subscriptions of `request.account`; needed only if they are to be listed.
nlohmann::ordered_json subsz(const subsz_request& request, const std::string& server_id,
                             actors::wall_time now, const protocol::sublist_stats& stats,
                             const std::vector<actors::subscription_snapshot>& all);

} // namespace troupe::monitor
