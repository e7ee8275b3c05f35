// security/connection_type.cpp: the names of the connection types.
#include "security/connection_type.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

char upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

} // namespace

std::string_view to_string(connection_type type) noexcept {
  switch (type) {
  case connection_type::standard: return "STANDARD";
  case connection_type::websocket: return "WEBSOCKET";
  case connection_type::leafnode: return "LEAFNODE";
  case connection_type::leafnode_websocket: return "LEAFNODE_WS";
  case connection_type::mqtt: return "MQTT";
  case connection_type::mqtt_websocket: return "MQTT_WS";
  case connection_type::in_process: return "IN_PROCESS";
  }
  return "UNKNOWN";
}

std::optional<connection_type> parse_connection_type(std::string_view name) noexcept {
  using enum connection_type;
  for (auto type :
       {standard, websocket, leafnode, leafnode_websocket, mqtt, mqtt_websocket, in_process}) {
    auto known = to_string(type);
    if (std::equal(name.begin(), name.end(), known.begin(), known.end(),
                   [](char a, char b) { return upper(a) == b; }))
      return type;
  }
  return std::nullopt;
}

bool is_allowed(connection_type type, const std::vector<std::string>& allowed) noexcept {
  return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const auto& name) {
           return parse_connection_type(name) == type;
         });
}

} // namespace troupe::security
