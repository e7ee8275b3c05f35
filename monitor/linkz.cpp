// monitor/linkz.cpp: empty lists in the shapes that exporters know.
#include "monitor/linkz.hpp"

#include "monitor/time_text.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor {

using json = nlohmann::ordered_json;

json routez(const std::string& server_id, const std::string& server_name, actors::wall_time now) {
  json out;
  out["server_id"] = server_id;
  out["server_name"] = server_name;
  out["now"] = utc_text(now);
  out["num_routes"] = 0;
  out["routes"] = json::array();
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

json leafz(const std::string& server_id, actors::wall_time now) {
  json out;
  out["server_id"] = server_id;
  out["now"] = utc_text(now);
  out["leafnodes"] = 0;
  out["leafs"] = json::array();
  return out;
}

} // namespace troupe::monitor
