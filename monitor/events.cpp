// monitor/events.cpp: writes events in the keys and order that their consumers know.
#include "monitor/events.hpp"

#include "actors/response_table.hpp"
#include "monitor/json_text.hpp"
#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* connect_type = "io.nats.server.advisory.v1.client_connect";
constexpr const char* disconnect_type = "io.nats.server.advisory.v1.client_disconnect";
constexpr const char* connections_type = "io.nats.server.advisory.v1.account_connections";
constexpr size_t id_length = 22;

json begin(const char* type, const event_head& head, std::string when, json server) {
  json out;
  out["type"] = type;
  out["id"] = head.id;
  out["timestamp"] = std::move(when);
  out["server"] = std::move(server);
  return out;
}

void add_text(json& out, const char* key, const std::string& text) {
  if (!text.empty())
    out[key] = text;
}

json client_json(const actors::connection_snapshot& who, const std::string& account_label,
                 bool ended) {
  json out;
  out["start"] = local_text(who.start);
  add_text(out, "host", who.ip);
  out["id"] = who.cid;
  add_text(out, "acc", who.account);
  add_text(out, "user", who.user);
  add_text(out, "name", who.name);
  add_text(out, "lang", who.lang);
  add_text(out, "ver", who.version);
  if (ended) {
    if (who.rtt.count() > 0)
      out["rtt"] = who.rtt.count();
    out["stop"] = local_text(who.stop);
  }
  add_text(out, "name_tag", account_label);
  out["kind"] = who.leafnode ? "Leafnode" : "Client";
  if (!who.leafnode)
    out["client_type"] = who.websocket ? "websocket" : "nats";
  return out;
}

json traffic(uint64_t messages, uint64_t bytes) {
  return {{"msgs", messages}, {"bytes", bytes}};
}

json traffic_by_kind(uint64_t messages, uint64_t bytes) {
  auto out = traffic(messages, bytes);
  for (const auto* links : {"gateways", "routes", "leafs"})
    out[links] = traffic(0, 0);
  return out;
}

json of_clients(uint64_t count) {
  return {{"clients", count}, {"routes", 0}, {"gateways", 0}, {"leafs", 0}};
}

/// One for each that we dialled: what is sent there, and what has come from there over all
/// connections that its members have dialled.
void add_gateways(json& out, const std::vector<actors::gateway_snapshot>& gateways) {
  for (const auto& each : gateways) {
    if (!each.outbound)
      continue;
    uint64_t messages = 0, bytes = 0, inbound = 0;
    for (const auto& other : gateways)
      if (!other.outbound && other.cluster == each.cluster) {
        messages += other.in_messages;
        bytes += other.in_bytes;
        ++inbound;
      }
    out["gateways"].push_back({{"gwid", each.gid},
                               {"name", each.cluster},
                               {"sent", traffic(each.out_messages, each.out_bytes)},
                               {"received", traffic(messages, bytes)},
                               {"inbound_connections", inbound}});
  }
}

} // namespace

event_head new_event() {
  return {actors::random_token(id_length), std::chrono::system_clock::now()};
}

json connect_event(const event_head& head, json server, const actors::connection_snapshot& who,
                   const std::string& account_label) {
  auto out = begin(connect_type, head, utc_text(head.when), std::move(server));
  out["client"] = client_json(who, account_label, false);
  return out;
}

json disconnect_event(const event_head& head, json server, const actors::connection_snapshot& who,
                      const std::string& account_label) {
  auto out = begin(disconnect_type, head, local_text(head.when), std::move(server));
  out["client"] = client_json(who, account_label, true);
  // As the client sees it.
  out["sent"] = traffic(who.in_messages, who.in_bytes);
  out["received"] = traffic(who.out_messages, who.out_bytes);
  out["reason"] = who.reason;
  return out;
}

json leafnode_connect_event(json server, const std::string& account) {
  json out;
  out["server"] = std::move(server);
  out["acc"] = account;
  return out;
}

json account_connections_event(const event_head& head, json server,
                               const actors::account_snapshot& figures,
                               const std::string& account_label) {
  auto out = begin(connections_type, head, utc_text(head.when), std::move(server));
  out.update(account_statistics(figures, account_label));
  return out;
}

json account_statistics(const actors::account_snapshot& figures, const std::string& account_label) {
  json out;
  out["acc"] = figures.name;
  out["name"] = account_label;
  out["conns"] = figures.connections;
  out["leafnodes"] = figures.leafnodes;
  out["total_conns"] = figures.connections + figures.leafnodes;
  out["num_subscriptions"] = figures.subscriptions;
  out["sent"] = traffic_by_kind(figures.out_messages, figures.out_bytes);
  out["received"] = traffic_by_kind(figures.in_messages, figures.in_bytes);
  out["slow_consumers"] = figures.slow_consumers;
  return out;
}

json statistics(const actors::server_snapshot& figures, const process_facts& process,
                size_t reactors, const std::vector<actors::route_snapshot>& routes,
                const std::vector<actors::gateway_snapshot>& gateways,
                const std::vector<std::string>& heard_of) {
  json out;
  out["start"] = local_text(figures.start);
  out["mem"] = process.memory;
  out["cores"] = process.cores;
  out["cpu"] = number(process.cpu);
  out["connections"] = figures.connections;
  out["total_connections"] = figures.total_connections;
  out["active_accounts"] = std::count_if(figures.accounts.begin(), figures.accounts.end(),
                                         [](const auto& each) { return each.connections > 0; });
  out["subscriptions"] = figures.subscriptions;
  // Figures of links are not in these, so both counts are the same.
  for (const auto* key : {"sent", "sent_to_clients"})
    out[key] = traffic(figures.out_messages, figures.out_bytes);
  for (const auto* key : {"received", "received_from_clients"})
    out[key] = traffic(figures.in_messages, figures.in_bytes);
  out["slow_consumers"] = figures.slow_consumers;
  if (figures.slow_consumers > 0)
    out["slow_consumer_stats"] = of_clients(figures.slow_consumers);
  if (figures.stale_connections > 0) {
    out["stale_connections"] = figures.stale_connections;
    out["stale_connection_stats"] = of_clients(figures.stale_connections);
  }
  if (figures.stalled_clients > 0)
    out["stalled_clients"] = figures.stalled_clients;
  std::set<std::string> others{heard_of.begin(), heard_of.end()};
  for (const auto& each : routes) {
    out["routes"].push_back({{"rid", each.rid},
                             {"name", each.remote_name},
                             {"sent", traffic(each.out_messages, each.out_bytes)},
                             {"received", traffic(each.in_messages, each.in_bytes)},
                             {"pending", each.pending_bytes}});
    others.insert(each.remote_id);
  }
  add_gateways(out, gateways);
  for (const auto& each : gateways)
    others.insert(each.remote_id);
  others.erase(std::string{}); // it has not said who it is
  // It counts itself. Tools wait for as many answers, and for no more.
  out["active_servers"] = 1 + others.size();
  out["gomaxprocs"] = reactors;
  return out;
}

} // namespace troupe::monitor
