// monitor/actor_report.cpp: writes the actor tree.
#include "monitor/actor_report.hpp"

#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {
namespace {

using json = nlohmann::ordered_json;

json server_json(const server_facts& server, pid_t pid, actors::wall_time now) {
  json out;
  out["server_id"] = server.server_id;
  out["server_name"] = server.server_name;
  out["troupe"] = server.troupe_version;
  out["version"] = server.nats_version;
  out["pid"] = pid;
  out["host"] = server.host;
  out["port"] = server.port;
  out["start"] = utc_text(server.figures.start);
  out["now"] = utc_text(now);
  out["uptime"] = uptime_text(now - server.figures.start);
  out["reactors"] = server.reactors;
  out["connections"] = server.figures.connections;
  return out;
}

} // namespace

json actor_report(const server_facts& server, pid_t pid, actors::wall_time now,
                  const std::vector<actors::actor_snapshot>& tree) {
  auto list = json::array();
  for (const auto& each : tree) {
    json one;
    one["path"] = each.path;
    one["place"] = each.place;
    one["state"] = each.state;
    one["mailbox"] = each.mailbox;
    one["in_msgs"] = each.in_messages;
    one["out_msgs"] = each.out_messages;
    one["in_bytes"] = each.in_bytes;
    one["out_bytes"] = each.out_bytes;
    list.push_back(std::move(one));
  }
  json out;
  out["server"] = server_json(server, pid, now);
  out["actors"] = std::move(list);
  return out;
}

} // namespace troupe::monitor
