// monitor/leafz.cpp: links of leaf nodes in the shapes that exporters know.
#include "monitor/leafz.hpp"

#include "monitor/json_text.hpp"
#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {

using json = nlohmann::ordered_json;

namespace {

json leaf_json(const actors::leaf_snapshot& leaf, bool subscriptions) {
  json out;
  out["id"] = leaf.lid;
  out["name"] = leaf.name;
  out["is_spoke"] = leaf.spoke;
  if (leaf.isolated)
    out["is_isolated"] = true;
  out["account"] = leaf.account;
  out["ip"] = leaf.ip;
  out["port"] = leaf.port;
  out["rtt"] = rtt_text(leaf.rtt);
  out["in_msgs"] = leaf.in_messages;
  out["out_msgs"] = leaf.out_messages;
  out["in_bytes"] = leaf.in_bytes;
  out["out_bytes"] = leaf.out_bytes;
  out["subscriptions"] = leaf.subscriptions;
  if (subscriptions && !leaf.subscription_list.empty())
    out["subscriptions_list"] = leaf.subscription_list;
  out["compression"] = "off";
  return out;
}

double seconds(config::nanoseconds of) {
  return std::chrono::duration<double>(of).count();
}

json remote_json(const config::leaf_remote& from) {
  json out;
  out["local_account"] = from.account.empty() ? "$G" : from.account;
  if (from.tls)
    out["tls_timeout"] = number(seconds(from.tls->timeout));
  auto urls = json::array();
  for (const auto& each : from.urls)
    urls.push_back(to_string(each)); // without user and password
  out["urls"] = std::move(urls);
  json deny = json::object();
  if (!from.deny_exports.empty())
    deny["exports"] = from.deny_exports;
  if (!from.deny_imports.empty())
    deny["imports"] = from.deny_imports;
  if (!deny.empty())
    out["deny"] = std::move(deny);
  return out;
}

} // namespace

leafz_request read_leafz_request(const query& from, std::string& fault) {
  option_reader options{from};
  leafz_request out;
  out.subscriptions = options.boolean("subs");
  out.account = from["acc"];
  fault = options.fault();
  return out;
}

json leafz(const std::string& server_id, const std::vector<actors::leaf_snapshot>& leafs,
           const leafz_request& request, actors::wall_time now) {
  auto list = json::array();
  for (const auto& each : leafs)
    if (request.account.empty() || each.account == request.account)
      list.push_back(leaf_json(each, request.subscriptions));
  json out;
  out["server_id"] = server_id;
  out["now"] = utc_text(now);
  out["leafnodes"] = list.size();
  out["leafs"] = std::move(list);
  return out;
}

json leaf_settings(const server_facts& server) {
  const auto& from = server.options.leafnodes;
  json out = json::object();
  if (!from.enabled())
    return out;
  if (server.leafnode_port != 0) {
    auto timeout = from.tls ? seconds(from.tls->timeout) : 2;
    out["host"] = from.host;
    out["port"] = server.leafnode_port;
    out["auth_timeout"] = number(from.authorization.timeout ? seconds(*from.authorization.timeout)
                                                            : timeout + (from.tls ? 1 : 0));
    out["tls_timeout"] = number(timeout);
    if (from.tls)
      out["tls_required"] = true;
    if (from.tls && from.tls->verify)
      out["tls_verify"] = true;
  }
  for (const auto& each : from.remotes)
    out["remotes"].push_back(remote_json(each));
  add_write_limits(out, from.write_deadline, from.write_timeout);
  return out;
}

} // namespace troupe::monitor
