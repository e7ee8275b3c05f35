// cli/link_report.cpp: one line a link, and who stands at its other end.
#include "cli/link_report.hpp"

#include "cli/actor_table.hpp"
#include "cli/json_fields.hpp"
#include "cli/text_table.hpp"

#include <nlohmann/json.hpp>

#include <map>

namespace troupe::cli {
namespace {

using nlohmann::json;

/// What was moved over the link, each way.
std::vector<std::string> traffic(const json& of) {
  return {short_count(number(of, "subscriptions")), short_count(number(of, "in_msgs")),
          short_count(number(of, "out_msgs")), short_size(number(of, "in_bytes")),
          short_size(number(of, "out_bytes"))};
}

const std::vector<std::string> traffic_headings{"SUBS", "MSGS IN", "MSGS OUT", "BYTES IN",
                                                "BYTES OUT"};

std::vector<std::string> with(std::vector<std::string> cells,
                              const std::vector<std::string>& more) {
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

/// Links name servers by their ids.
std::map<std::string, std::string> names_by_id(const std::vector<json>& answers) {
  std::map<std::string, std::string> out;
  for (const auto& each : answers)
    out.emplace(text(at(each, "server"), "id"), text(at(each, "server"), "name"));
  return out;
}

void add_gateway(text_table& table, const std::string& server, const std::string& to,
                 const char* way, const json& gateway,
                 const std::map<std::string, std::string>& names) {
  const auto& connection = at(gateway, "connection");
  auto peer = text(connection, "name");
  if (auto known = names.find(peer); known != names.end())
    peer = known->second;
  table.add(with({server, to, way, peer, address(connection, "ip"), round_trip(connection)},
                 traffic(connection)));
}

/// Of several routes to one peer each has a number, or is for the one account that is named beside.
std::string slot_of(const json& route) {
  const auto& slot = at(route, "pool_index");
  return slot.is_number_integer() ? std::to_string(number(route, "pool_index")) : std::string{};
}

} // namespace

std::string route_table(const std::vector<json>& answers) {
  text_table table{with({"SERVER", "CLUSTER", "PEER", "RID", "ADDRESS", "DIALLED", "SLOT",
                         "ACCOUNT", "RTT", "PENDING"},
                        traffic_headings)};
  auto names = names_by_id(answers);
  for (const auto& each : answers) {
    const auto& server = at(each, "server");
    for (const auto& route : at(at(each, "data"), "routes")) {
      auto peer = text(route, "remote_name");
      if (peer.empty()) // 2.9 does not say it
        peer = names[text(route, "remote_id")];
      table.add(
          with({text(server, "name"), text(server, "cluster"), peer,
                std::to_string(number(route, "rid")), address(route, "ip"),
                flag(route, "did_solicit") ? "yes" : "no", slot_of(route), text(route, "account"),
                round_trip(route), short_size(number(route, "pending_size"))},
               traffic(route)));
    }
  }
  return table.has_rows() ? table.text() : std::string{};
}

std::string gateway_table(const std::vector<json>& answers) {
  text_table table{with({"SERVER", "GATEWAY", "WAY", "PEER", "ADDRESS", "RTT"}, traffic_headings)};
  auto names = names_by_id(answers);
  for (const auto& each : answers) {
    auto server = text(at(each, "server"), "name");
    const auto& data = at(each, "data");
    for (const auto& [to, gateway] : at(data, "outbound_gateways").items())
      add_gateway(table, server, to, "out", gateway, names);
    for (const auto& [from, all] : at(data, "inbound_gateways").items())
      for (const auto& gateway : all)
        add_gateway(table, server, from, "in", gateway, names);
  }
  return table.has_rows() ? table.text() : std::string{};
}

std::string leafnode_table(const std::vector<json>& answers) {
  text_table table{
      with({"SERVER", "LEAFNODE", "WE ARE", "ACCOUNT", "ADDRESS", "RTT"}, traffic_headings)};
  for (const auto& each : answers)
    for (const auto& leaf : at(at(each, "data"), "leafs"))
      table.add(with({text(at(each, "server"), "name"), text(leaf, "name"),
                      flag(leaf, "is_spoke") ? "spoke" : "hub", text(leaf, "account"),
                      address(leaf, "ip"), round_trip(leaf)},
                     traffic(leaf)));
  return table.has_rows() ? table.text() : std::string{};
}

} // namespace troupe::cli
