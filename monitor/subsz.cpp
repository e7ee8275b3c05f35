// monitor/subsz.cpp: figures of the sublists, and what is in them.
#include "monitor/subsz.hpp"

#include "monitor/json_text.hpp"
#include "monitor/subscription_text.hpp"
#include "monitor/time_text.hpp"
#include "protocol/subject.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {

using json = nlohmann::ordered_json;

subsz_request read_subsz_request(const query& from, std::string& fault) {
  option_reader options{from};
  subsz_request out;
  out.subscriptions = options.boolean("subs"); // unlike /connz, there is no "detail"
  out.offset = static_cast<uint64_t>(std::max<int64_t>(0, options.integer("offset")));
  if (auto limit = options.integer("limit"); limit > 0)
    out.limit = static_cast<uint64_t>(limit);
  out.account = from["acc"];
  out.test = from["test"];
  if (!out.test.empty() && !protocol::is_valid_publish(out.test))
    options.fail("invalid test subject, must be valid publish subject: " + out.test);
  fault = options.fault();
  return out;
}

json subsz(const subsz_request& request, const std::string& server_id, actors::wall_time now,
           const protocol::sublist_stats& stats,
           const std::vector<actors::subscription_snapshot>& all) {
  std::vector<const actors::subscription_snapshot*> found;
  if (request.subscriptions)
    for (const auto& each : all)
      if (request.test.empty() || protocol::matches(request.test, each.subject))
        found.push_back(&each);
  json out;
  out["server_id"] = server_id;
  out["now"] = utc_text(now);
  out["num_subscriptions"] = stats.subscriptions;
  out["num_cache"] = stats.cache_entries;
  out["num_inserts"] = stats.inserts;
  out["num_removes"] = stats.removes;
  out["num_matches"] = stats.matches;
  out["cache_hit_rate"] = number(stats.cache_hit_rate());
  out["max_fanout"] = stats.max_fanout;
  out["avg_fanout"] = number(stats.avg_fanout());
  out["total"] = found.size();
  out["offset"] = request.offset;
  out["limit"] = request.limit;
  auto first = std::min<uint64_t>(request.offset, found.size());
  auto last = first + std::min<uint64_t>(request.limit, found.size() - first);
  if (first < last) {
    auto& list = out["subscriptions_list"] = json::array();
    for (auto i = first; i < last; ++i)
      list.push_back(subscription_json(*found[i], account_shown::yes));
  }
  return out;
}

} // namespace troupe::monitor
