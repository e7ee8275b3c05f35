// monitor/varz.cpp: writes /varz in the order and under the conditions that consumers expect.
#include "monitor/varz.hpp"

#include "monitor/json_text.hpp"
#include "monitor/leafz.hpp"
#include "monitor/linkz.hpp"
#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

double tls_timeout(const config::options& options) {
  return options.client.tls ? seconds(options.client.tls->timeout) : 2;
}

double auth_timeout(const config::options& options) {
  if (options.authorization.timeout)
    return seconds(*options.authorization.timeout);
  return options.client.tls ? tls_timeout(options) + 1 : 2;
}

void add_identity(json& out, const server_facts& server) {
  out["server_id"] = server.server_id;
  out["server_name"] = server.server_name;
  out["troupe"] = server.troupe_version;
  out["version"] = server.nats_version;
  out["proto"] = 1;
  if (!server.git_commit.empty())
    out["git_commit"] = server.git_commit;
  out["go"] = "c++20";
  auto host = server.host;
  int port = server.port;
  apply_advertise(server.options.client.advertise, host, port);
  out["host"] = host;
  out["port"] = port;
}

void add_settings(json& out, const config::options& options) {
  const auto& auth = options.authorization;
  if (!auth.user.empty() || !auth.token.empty() || !auth.users.empty()
      || options.operators.enabled())
    out["auth_required"] = true;
  if (const auto& tls = options.client.tls) {
    if (!options.client.allow_non_tls)
      out["tls_required"] = true;
    if (tls->verify || tls->verify_and_map)
      out["tls_verify"] = true;
  }
  const auto& limits = options.limits;
  out["max_connections"] = limits.max_connections;
  if (limits.max_subscriptions != 0)
    out["max_subscriptions"] = limits.max_subscriptions;
  out["ping_interval"] = options.timing.ping_interval.count();
  out["ping_max"] = options.timing.ping_max;
  const auto& http = options.monitoring;
  out["http_host"] = http.host.empty() ? options.client.host : http.host;
  out["http_port"] = http.https ? 0 : http.port;
  out["http_base_path"] = http.base_path;
  out["https_port"] = http.https ? http.port : 0;
  out["auth_timeout"] = number(auth_timeout(options));
  out["max_control_line"] = limits.max_control_line;
  out["max_payload"] = limits.max_payload;
  out["max_pending"] = limits.max_pending;
  out["cluster"] = json::object();
  for (const auto* part : {"gateway", "leaf", "mqtt", "websocket", "jetstream"})
    out[part] = json::object();
  out["tls_timeout"] = number(tls_timeout(options));
  out["write_deadline"] = options.timing.write_deadline.count();
}

/// Keys of what is not there are left out.
void add_cluster(json& out, const server_facts& server) {
  if (server.cluster_port == 0) {
    if (!server.options.gateway.name.empty())
      out["cluster"]["name"] = server.options.gateway.name;
    return;
  }
  const auto& from = server.options.cluster;
  auto timeout = from.tls ? seconds(from.tls->timeout) : 2;
  auto& cluster = out["cluster"];
  cluster["name"] = server.cluster_name;
  cluster["addr"] = from.host;
  cluster["cluster_port"] = server.cluster_port;
  cluster["auth_timeout"] = number(from.authorization.timeout ? seconds(*from.authorization.timeout)
                                   : from.tls                 ? timeout + 1
                                                              : timeout);
  auto urls = json::array();
  for (const auto& each : from.routes)
    urls.push_back(each.host.find(':') == std::string::npos
                       ? each.host + ":" + std::to_string(each.port)
                       : "[" + each.host + "]:" + std::to_string(each.port));
  if (!urls.empty())
    cluster["urls"] = std::move(urls);
  cluster["tls_timeout"] = number(timeout);
  if (from.tls)
    cluster["tls_required"] = cluster["tls_verify"] = true;
  cluster["pool_size"] = from.pool_size == 0 ? 3 : from.pool_size;
  add_write_limits(cluster, from.write_deadline, from.write_timeout);
}

/// Of nothing that is off there is a key.
json websocket_settings(const server_facts& server) {
  json out = json::object();
  if (server.websocket_port == 0)
    return out;
  const auto& from = server.options.websocket;
  out["host"] = from.host;
  out["port"] = server.websocket_port;
  if (!from.advertise.empty())
    out["advertise"] = from.advertise;
  if (!from.login.no_auth_user.empty())
    out["no_auth_user"] = from.login.no_auth_user;
  if (!from.cookies.jwt.empty())
    out["jwt_cookie"] = from.cookies.jwt;
  out["handshake_timeout"] = from.handshake_timeout.count();
  if (from.login.timeout)
    out["auth_timeout"] = number(seconds(*from.login.timeout));
  if (from.no_tls)
    out["no_tls"] = true;
  if (from.tls && from.tls->verify_and_map)
    out["tls_map"] = true;
  if (from.same_origin)
    out["same_origin"] = true;
  if (!from.allowed_origins.empty())
    out["allowed_origins"] = from.allowed_origins;
  if (from.compression)
    out["compression"] = true;
  return out;
}

void add_figures(json& out, const server_facts& server) {
  const auto& figures = server.figures;
  out["connections"] = figures.connections;
  out["total_connections"] = figures.total_connections;
  out["routes"] = server.routes;
  out["remotes"] = server.remotes;
  out["leafnodes"] = server.leafs;
  // Clients are the only peers, so both counts are the same.
  out["in_msgs"] = figures.in_messages;
  out["in_bytes"] = figures.in_bytes;
  out["in_client_msgs"] = figures.in_messages;
  out["in_client_bytes"] = figures.in_bytes;
  out["out_msgs"] = figures.out_messages;
  out["out_bytes"] = figures.out_bytes;
  out["out_client_msgs"] = figures.out_messages;
  out["out_client_bytes"] = figures.out_bytes;
  out["slow_consumers"] = figures.slow_consumers;
  out["stale_connections"] = figures.stale_connections;
  out["stalled_clients"] = figures.stalled_clients;
  out["subscriptions"] = figures.subscriptions;
}

json by_kind(uint64_t clients) {
  return {{"clients", clients}, {"routes", 0}, {"gateways", 0}, {"leafs", 0}};
}

} // namespace

/// An IPv6 host is in brackets if a port follows.
void apply_advertise(const std::string& text, std::string& host, int& port) {
  if (text.empty())
    return;
  auto colon = text.rfind(':');
  bool bracketed = text.front() == '[';
  bool has_port =
      colon != text.npos && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon);
  host = text.substr(0, has_port ? colon : text.npos);
  if (bracketed && host.size() >= 2)
    host = host.substr(1, host.size() - 2);
  if (has_port)
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
}

json varz(const server_facts& server, const process_facts& process) {
  json out;
  const auto& options = server.options;
  const auto& figures = server.figures;
  add_identity(out, server);
  if (!server.connect_urls.empty())
    out["connect_urls"] = server.connect_urls;
  add_settings(out, options);
  add_cluster(out, server);
  out["gateway"] = gateway_settings(server);
  out["leaf"] = leaf_settings(server);
  out["websocket"] = websocket_settings(server);
  out["start"] = utc_text(figures.start);
  out["now"] = utc_text(process.now);
  out["uptime"] = uptime_text(process.now - figures.start);
  out["mem"] = process.memory;
  out["cores"] = process.cores;
  out["gomaxprocs"] = server.reactors;
  out["cpu"] = number(process.cpu);
  add_figures(out, server);
  out["http_req_stats"] = process.requests;
  out["config_load_time"] = utc_text(figures.config_loaded);
  out["config_digest"] = options.config_digest;
  if (!options.server_tags.empty())
    out["tags"] = options.server_tags;
  if (!options.server_metadata.empty())
    out["metadata"] = options.server_metadata;
  out["feature_flags"] = json::object();
  out["system_account"] = options.system_account.empty() ? "$SYS" : options.system_account;
  out["slow_consumer_stats"] = by_kind(figures.slow_consumers);
  out["stale_connection_stats"] = by_kind(figures.stale_connections);
  out["disk_io_wait_stats"] = {
      {"waiters", 0}, {"waits", 0}, {"wait_time", 0}, {"max_wait_time", 0}};
  if (!figures.account_digest.empty())
    out["accounts_digest"] = figures.account_digest;
  if (server.certificate_end)
    out["tls_cert_not_after"] = utc_text(*server.certificate_end);
  return out;
}

} // namespace troupe::monitor
