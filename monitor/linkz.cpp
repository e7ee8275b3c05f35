// monitor/linkz.cpp: routes, and empty lists, in the shapes that exporters know.
#include "monitor/linkz.hpp"

#include "monitor/query.hpp"
#include "monitor/subscription_text.hpp"
#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {

using json = nlohmann::ordered_json;

namespace {

void add_rules(json& out, const char* key, const security::subject_rules& rules) {
  if (rules == security::subject_rules{})
    return;
  json one = json::object();
  if (!rules.allow.empty())
    one["allow"] = rules.allow;
  if (!rules.deny.empty())
    one["deny"] = rules.deny;
  out[key] = std::move(one);
}

void add_subscriptions(json& out, const actors::route_snapshot& route, subscription_detail detail) {
  if (detail == subscription_detail::none || route.subscription_list.empty())
    return;
  auto list = json::array();
  for (const auto& each : route.subscription_list)
    if (detail == subscription_detail::full)
      list.push_back(subscription_json(each, account_shown::no));
    else
      list.push_back(each.subject);
  out[detail == subscription_detail::full ? "subscriptions_list_detail" : "subscriptions_list"] =
      std::move(list);
}

json route_json(const actors::route_snapshot& route, const config::cluster_options& rules,
                subscription_detail detail, actors::wall_time now) {
  json out;
  out["rid"] = route.rid;
  out["remote_id"] = route.remote_id;
  out["remote_name"] = route.remote_name;
  out["did_solicit"] = route.solicited;
  out["is_configured"] = route.configured;
  out["ip"] = route.ip;
  out["port"] = route.port;
  out["start"] = utc_text(route.start);
  out["last_activity"] = utc_text(route.last_activity);
  out["rtt"] = rtt_text(route.rtt);
  out["uptime"] = uptime_text(now - route.start);
  out["idle"] = uptime_text(now - route.last_activity);
  add_rules(out, "import", rules.import_);
  add_rules(out, "export", rules.export_);
  out["pending_size"] = route.pending_bytes;
  out["in_msgs"] = route.in_messages;
  out["out_msgs"] = route.out_messages;
  out["in_bytes"] = route.in_bytes;
  out["out_bytes"] = route.out_bytes;
  out["subscriptions"] = route.subscriptions;
  add_subscriptions(out, route, detail);
  out["compression"] = "off";
  return out;
}

} // namespace

routez_request read_routez_request(const query& from, std::string& fault) {
  option_reader options{from};
  routez_request out;
  out.subscriptions = read_detail(from, options);
  fault = options.fault();
  return out;
}

json routez(const server_facts& server, const std::vector<actors::route_snapshot>& routes,
            const routez_request& request, actors::wall_time now) {
  const auto& rules = server.options.cluster;
  json out;
  out["server_id"] = server.server_id;
  out["server_name"] = server.server_name;
  out["now"] = utc_text(now);
  add_rules(out, "import", rules.import_);
  add_rules(out, "export", rules.export_);
  out["num_routes"] = routes.size();
  out["routes"] = json::array();
  for (const auto& each : routes)
    out["routes"].push_back(route_json(each, rules, request.subscriptions, now));
  return out;
}

json gatewayz(const std::string& server_id, actors::wall_time now) {
  json out;
  out["server_id"] = server_id;
  out["now"] = utc_text(now);
  out["outbound_gateways"] = json::object();
  out["inbound_gateways"] = json::object();
  return out;
}

} // namespace troupe::monitor
