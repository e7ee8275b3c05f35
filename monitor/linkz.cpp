// monitor/linkz.cpp: routes and gateways, in the shapes that exporters know.
#include "monitor/linkz.hpp"

#include "monitor/json_text.hpp"
#include "monitor/query.hpp"
#include "monitor/subscription_text.hpp"
#include "monitor/time_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>

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

void add_subscriptions(json& out, const std::vector<actors::subscription_snapshot>& all,
                       subscription_detail detail) {
  if (detail == subscription_detail::none || all.empty())
    return;
  auto list = json::array();
  for (const auto& each : all)
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
  add_subscriptions(out, route.subscription_list, detail);
  if (!route.account.empty())
    out["account"] = route.account;
  if (route.pool_index)
    out["pool_index"] = *route.pool_index;
  out["compression"] = "off";
  return out;
}

/// Interest is told in any case, so that there is one mode.
json account_json(const actors::gateway_account& of, subscription_detail detail) {
  json out;
  out["name"] = of.name;
  out["interest_mode"] = "Interest-Only";
  out["interest_only_threshold"] = 1000;
  if (of.subscriptions > 0)
    out["num_subs"] = of.subscriptions;
  if (of.queue_subscriptions > 0)
    out["num_queue_subs"] = of.queue_subscriptions;
  add_subscriptions(out, of.subscription_list, detail);
  return out;
}

json gateway_json(const actors::gateway_snapshot& gateway, const gatewayz_request& request,
                  actors::wall_time now) {
  json link;
  link["cid"] = gateway.gid;
  link["kind"] = "Gateway";
  link["ip"] = gateway.ip;
  link["port"] = gateway.port;
  link["start"] = utc_text(gateway.start);
  link["last_activity"] = utc_text(gateway.last_activity);
  link["rtt"] = rtt_text(gateway.rtt);
  link["uptime"] = uptime_text(now - gateway.start);
  link["idle"] = uptime_text(now - gateway.last_activity);
  link["pending_bytes"] = gateway.pending_bytes;
  link["in_msgs"] = gateway.in_messages;
  link["out_msgs"] = gateway.out_messages;
  link["in_bytes"] = gateway.in_bytes;
  link["out_bytes"] = gateway.out_bytes;
  link["subscriptions"] = gateway.subscriptions;
  link["name"] = gateway.remote_id;
  json out;
  out["configured"] = gateway.configured;
  out["connection"] = std::move(link);
  if (request.accounts)
    for (const auto& each : gateway.accounts)
      if (request.account.empty() || request.account == each.name)
        out["accounts"].push_back(account_json(each, request.subscriptions));
  return out;
}

double seconds(config::nanoseconds of) {
  return std::chrono::duration<double>(of).count();
}

std::string place_of(const config::peer_url& url) {
  return url.host.find(':') == std::string::npos ? fmt::format("{}:{}", url.host, url.port)
                                                 : fmt::format("[{}]:{}", url.host, url.port);
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

gatewayz_request read_gatewayz_request(const query& from, std::string& fault) {
  option_reader options{from};
  gatewayz_request out;
  out.cluster = from["gw_name"];
  out.account = from["acc_name"];
  out.accounts = options.boolean("accs") || !out.account.empty();
  out.subscriptions = read_detail(from, options);
  fault = options.fault();
  return out;
}

json gatewayz(const server_facts& server, const std::vector<actors::gateway_snapshot>& gateways,
              const gatewayz_request& request, actors::wall_time now) {
  const auto& own = server.options.gateway;
  json out;
  out["server_id"] = server.server_id;
  out["now"] = utc_text(now);
  if (own.enabled()) {
    out["name"] = own.name;
    out["host"] = own.host;
    out["port"] = server.gateway_port;
  }
  auto outbound = json::object();
  auto inbound = json::object();
  for (const auto& each : gateways) {
    if (!request.cluster.empty() && request.cluster != each.cluster)
      continue;
    if (each.outbound)
      outbound[each.cluster] = gateway_json(each, request, now);
    else
      inbound[each.cluster].push_back(gateway_json(each, request, now));
  }
  out["outbound_gateways"] = std::move(outbound);
  out["inbound_gateways"] = std::move(inbound);
  return out;
}

json gateway_settings(const server_facts& server) {
  const auto& from = server.options.gateway;
  json out = json::object();
  if (server.gateway_port == 0)
    return out;
  auto timeout = from.tls ? seconds(from.tls->timeout) : 2;
  out["name"] = from.name;
  out["host"] = from.host;
  out["port"] = server.gateway_port;
  out["auth_timeout"] = number(from.authorization.timeout ? seconds(*from.authorization.timeout)
                                                          : timeout + (from.tls ? 1 : 0));
  out["tls_timeout"] = number(timeout);
  if (from.tls)
    out["tls_required"] = out["tls_verify"] = true;
  if (!from.advertise.empty())
    out["advertise"] = from.advertise;
  if (from.connect_retries > 0)
    out["connect_retries"] = from.connect_retries;
  for (const auto& each : from.remotes) {
    json one;
    one["name"] = each.name;
    if (each.tls)
      one["tls_timeout"] = number(seconds(each.tls->timeout));
    for (const auto& url : each.urls)
      one["urls"].push_back(place_of(url));
    out["gateways"].push_back(std::move(one));
  }
  if (from.reject_unknown)
    out["reject_unknown"] = true;
  add_write_limits(out, from.write_deadline, from.write_timeout);
  return out;
}

} // namespace troupe::monitor
