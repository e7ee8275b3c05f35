// cli/fleet.cpp: from the answers of many brokers to one picture.
#include "cli/fleet.hpp"

#include "cli/json_fields.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::cli {
namespace {

using nlohmann::json;

using servers_by_id = std::map<std::string, fleet_server>;

/// A broker may answer one question and be too late for another.
fleet_server& server_of(servers_by_id& all, const json& answer) {
  const auto& server = at(answer, "server");
  auto& out = all[text(server, "id")];
  out.id = text(server, "id");
  out.name = text(server, "name");
  if (out.version.empty())
    out.version = text(server, "ver");
  if (out.cluster.empty())
    out.cluster = text(server, "cluster");
  return out;
}

void take_varz(fleet_server& out, const json& data) {
  out.address = address(data, "host");
  out.uptime = text(data, "uptime");
  out.clients = number(data, "connections");
  out.gateway_name = text(at(data, "gateway"), "name");
  if (auto name = text(at(data, "cluster"), "name"); !name.empty())
    out.cluster = name;
  if (auto own = text(data, "troupe"); !own.empty()) {
    out.is_troupe = true;
    out.version = own;
  }
}

void take_gateways(fleet_server& out, const json& data, const servers_by_id& all) {
  auto name_of = [&](const json& gateway) {
    auto id = text(at(gateway, "connection"), "name");
    auto known = all.find(id);
    return known == all.end() ? id : known->second.name;
  };
  if (out.gateway_name.empty())
    out.gateway_name = text(data, "name");
  for (const auto& [to, gateway] : at(data, "outbound_gateways").items())
    out.outbound[to] = {text(at(gateway, "connection"), "name"), name_of(gateway),
                        round_trip(at(gateway, "connection"))};
  for (const auto& [from, some] : at(data, "inbound_gateways").items())
    for (const auto& gateway : some)
      out.inbound[from].push_back(name_of(gateway));
}

} // namespace

fleet assemble(const fleet_answers& from) {
  servers_by_id all;
  for (const auto& each : from.varz)
    take_varz(server_of(all, each), at(each, "data"));
  for (const auto& each : from.routez) {
    auto& server = server_of(all, each);
    for (const auto& route : at(at(each, "data"), "routes"))
      ++server.routes[text(route, "remote_id")];
  }
  for (const auto& each : from.gatewayz)
    server_of(all, each);
  for (const auto& each : from.gatewayz) // now all names are known
    take_gateways(server_of(all, each), at(each, "data"), all);
  for (const auto& each : from.leafz) {
    auto& server = server_of(all, each);
    for (const auto& leaf : at(at(each, "data"), "leafs"))
      server.leafs.push_back({text(leaf, "name"), text(leaf, "account"), round_trip(leaf),
                              address(leaf, "ip"), flag(leaf, "is_spoke")});
  }
  fleet out;
  for (auto& [id, server] : all)
    out[server.cluster].push_back(std::move(server));
  for (auto& [name, servers] : out)
    std::sort(servers.begin(), servers.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

namespace {

/// Who answers nothing leaves no gap in the links of those who do: each such broker, once.
void add_silent(const fleet& all, std::vector<std::string>& out) {
  std::set<std::string> known{""}; // what has no id names nobody
  for (const auto& [cluster, servers] : all)
    for (const auto& one : servers)
      known.insert(one.id);
  auto add = [&](const std::string& id, const std::string& cluster, const fleet_server& by,
                 const char* link) {
    if (known.insert(id).second)
      out.push_back(fmt::format("{} in cluster {} does not answer; {} has a {} to it", id, cluster,
                                by.name, link));
  };
  for (const auto& [cluster, servers] : all)
    for (const auto& one : servers) {
      for (const auto& [id, links] : one.routes)
        add(id, cluster, one, "route");
      for (const auto& [to, gateway] : one.outbound)
        add(gateway.id, to, one, "gateway");
    }
}

} // namespace

std::vector<std::string> gaps_of(const fleet& all) {
  std::vector<std::string> out;
  for (const auto& [cluster, servers] : all) {
    if (cluster.empty())
      continue;
    for (const auto& one : servers)
      for (const auto& other : servers)
        if (one.id != other.id && !one.routes.contains(other.id))
          out.push_back(
              fmt::format("{} has no route to {} in cluster {}", one.name, other.name, cluster));
    for (const auto& [other, there] : all)
      for (const auto& one : servers)
        if (other != cluster && !other.empty() && !there.front().gateway_name.empty()
            && !one.gateway_name.empty() && !one.outbound.contains(other))
          out.push_back(
              fmt::format("{} in cluster {} has no gateway to {}", one.name, cluster, other));
  }
  add_silent(all, out);
  return out;
}

} // namespace troupe::cli
