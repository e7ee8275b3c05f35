// cli/fleet_tree.cpp: lines and branches.
#include "cli/fleet_tree.hpp"

#include "cli/fleet.hpp"
#include "cli/text_table.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace troupe::cli {
namespace {

std::string counted(uint64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// What hangs below one broker, or one cluster.
using branches = std::vector<std::string>;

void add_branches(std::string& out, const std::string& indent, const branches& all) {
  for (size_t i = 0; i < all.size(); ++i)
    out += fmt::format("{}{} {}\n", indent, i + 1 == all.size() ? "└─" : "├─", all[i]);
}

std::string measured(const std::string& round_trip) {
  return round_trip.empty() ? "not measured yet" : round_trip;
}

branches below(const fleet_server& server) {
  branches out;
  for (const auto& [to, gateway] : server.outbound)
    out.push_back(fmt::format("gateway {} at {}, rtt {}", to, gateway.peer, measured(gateway.rtt)));
  for (const auto& leaf : server.leafs)
    out.push_back(fmt::format("{} {} at {}, account {}, rtt {}",
                              leaf.is_spoke ? "hub" : "leaf node",
                              leaf.name.empty() ? "without a name" : leaf.name, leaf.address,
                              leaf.account, measured(leaf.rtt)));
  return out;
}

std::string headline(const fleet_server& server) {
  auto out = fmt::format("{}  {}  {} {}  {}", server.name, server.address,
                         server.is_troupe ? "troupe" : "nats-server", server.version,
                         counted(server.clients, "client"));
  if (!server.routes.empty())
    out += ", routes to " + counted(server.routes.size(), "member");
  if (!server.uptime.empty())
    out += ", up " + server.uptime;
  return out;
}

} // namespace

fleet_tree draw_fleet(const fleet_answers& from) {
  auto all = assemble(from);
  fleet_tree out;
  out.gaps = gaps_of(all);
  for (const auto& [cluster, servers] : all) {
    out.text += fmt::format("{}  {}\n", cluster.empty() ? "(in no cluster)" : cluster,
                            counted(servers.size(), "broker"));
    for (size_t i = 0; i < servers.size(); ++i) {
      bool last = i + 1 == servers.size();
      out.text += fmt::format("{} {}\n", last ? "└─" : "├─", headline(servers[i]));
      add_branches(out.text, last ? "   " : "│  ", below(servers[i]));
    }
  }
  return out;
}

nlohmann::json fleet_document(const fleet_answers& from) {
  auto all = assemble(from);
  nlohmann::json out{{"clusters", nlohmann::json::object()}, {"gaps", gaps_of(all)}};
  for (const auto& [cluster, servers] : all) {
    auto& there = out["clusters"][cluster] = nlohmann::json::array();
    for (const auto& one : servers) {
      nlohmann::json entry{{"id", one.id},
                           {"name", one.name},
                           {"address", one.address},
                           {"version", one.version},
                           {"troupe", one.is_troupe},
                           {"clients", one.clients},
                           {"uptime", one.uptime},
                           {"routes", nlohmann::json::array()},
                           {"gateways", nlohmann::json::object()},
                           {"inbound_gateways", one.inbound},
                           {"leafnodes", nlohmann::json::array()}};
      for (const auto& [id, links] : one.routes)
        entry["routes"].push_back(id);
      for (const auto& [to, gateway] : one.outbound)
        entry["gateways"][to] = {{"server", gateway.peer}, {"rtt", gateway.rtt}};
      for (const auto& leaf : one.leafs)
        entry["leafnodes"].push_back({{"name", leaf.name},
                                      {"account", leaf.account},
                                      {"address", leaf.address},
                                      {"rtt", leaf.rtt},
                                      {"is_spoke", leaf.is_spoke}});
      there.push_back(std::move(entry));
    }
  }
  return out;
}

} // namespace troupe::cli
