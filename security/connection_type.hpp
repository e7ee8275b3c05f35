// security/connection_type.hpp: over what a user may connect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

enum class connection_type : uint8_t {
  standard,
  websocket,
  leafnode,
  leafnode_websocket,
  mqtt,
  mqtt_websocket,
  in_process,
};

/// As configuration and JWTs spell it: "STANDARD", "LEAFNODE_WS" …
std::string_view to_string(connection_type type) noexcept;

/// Upper and lower case are the same.
std::optional<connection_type> parse_connection_type(std::string_view name) noexcept;

/// `allowed` as a user carries it. Empty: every type. Unknown names are ignored, so a list of
/// nothing but unknown names allows none.
bool is_allowed(connection_type type, const std::vector<std::string>& allowed) noexcept;

} // namespace troupe::security
