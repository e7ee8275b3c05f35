// protocol/peer_kind.hpp: what can be at the other end of a connection.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// Interest and forwarding depend on it: local before remote, one hop over routes, and so on.
/// `system` is the broker itself (its own services and events).
enum class peer_kind : uint8_t { client, route, gateway, leafnode, system };

constexpr std::string_view to_string(peer_kind kind) {
  switch (kind) {
  case peer_kind::client: return "client";
  case peer_kind::route: return "route";
  case peer_kind::gateway: return "gateway";
  case peer_kind::leafnode: return "leafnode";
  case peer_kind::system: return "system";
  }
  return "unknown";
}

/// Another server, which may pass on what it gets.
constexpr bool is_link(peer_kind kind) {
  return kind == peer_kind::route || kind == peer_kind::gateway || kind == peer_kind::leafnode;
}

} // namespace troupe::protocol
