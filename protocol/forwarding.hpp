// protocol/forwarding.hpp: which link may hear what came from where: the one table of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// What somebody is to this server. Of a gateway's two connections `gateway_in` brings messages
/// and hears of interest, `gateway_out` takes messages and brings interest. On `leaf_down` we are
/// the hub, on `leaf_up` the spoke. Whatever lives here is a client, the broker itself as well.
enum class peer_role : uint8_t { client, route, gateway_in, gateway_out, leaf_down, leaf_up };
inline constexpr size_t peer_roles = 6;

constexpr std::string_view to_string(peer_role role) {
  switch (role) {
  case peer_role::client: return "client";
  case peer_role::route: return "route";
  case peer_role::gateway_in: return "inbound gateway";
  case peer_role::gateway_out: return "outbound gateway";
  case peer_role::leaf_down: return "leafnode";
  case peer_role::leaf_up: return "hub";
  }
  return "unknown";
}

constexpr bool is_leaf(peer_role role) {
  return role == peer_role::leaf_down || role == peer_role::leaf_up;
}

/// What else decides about one message and one link. For interest only `same_cluster` does.
struct forwarding_facts {
  /// The leaf cluster that it came from is the one that the link leads to, or the one on whose
  /// behalf alone the link's peer wants it.
  bool same_cluster = false;
  bool service_reply = false; ///< its subject begins with `_R_.`
  /// A queue message of a route for a group that has no member here nor behind a leaf of ours.
  bool unserved_queue = false;
  bool unmapped_reply = false; ///< a reply whose `_GR_` prefix was taken off here
};

/// May a message that came in from `from` go out to `to`? (leafnodes.md section 11). That it does
/// not return to the very link it came from, and that there is interest, the caller sees to.
constexpr bool carries_message(peer_role from, peer_role to, const forwarding_facts& facts = {}) {
  using enum peer_role;
  if (to == client)
    return true;
  if (to == gateway_in || facts.same_cluster)
    return false;
  switch (from) {
  case client: return true;
  case route:
    if (to == route)
      return facts.unserved_queue || facts.unmapped_reply;
    if (to == gateway_out)
      return facts.unmapped_reply;
    return to == leaf_down || facts.service_reply;
  case gateway_in: return to != gateway_out || facts.unmapped_reply;
  case leaf_down: return true;
  case leaf_up: return to != route;
  case gateway_out: return false; // nothing comes in there
  }
  return false;
}

/// Whose interest it is; service imports are interest of clients that only leafs hear of.
enum class interest_source : uint8_t { client, service, route, gateway, leaf_down, leaf_up };
inline constexpr size_t interest_sources = 6;

constexpr interest_source source_of(peer_role role) {
  switch (role) {
  case peer_role::client: return interest_source::client;
  case peer_role::route: return interest_source::route;
  case peer_role::gateway_in: return interest_source::gateway;
  case peer_role::gateway_out: return interest_source::gateway;
  case peer_role::leaf_down: return interest_source::leaf_down;
  case peer_role::leaf_up: return interest_source::leaf_up;
  }
  return interest_source::client;
}

/// Is a link of role `to` told of this interest? (leafnodes.md section 11). Its own it never is.
constexpr bool announces_interest(interest_source from, peer_role to, bool same_cluster = false) {
  using enum interest_source;
  if (to == peer_role::client || to == peer_role::gateway_out)
    return false;
  bool down = to == peer_role::leaf_down;
  switch (from) {
  case client: return true;
  case service: return is_leaf(to);
  case route: return (to == peer_role::gateway_in || down) && !(down && same_cluster);
  case gateway: return down;
  case leaf_down: return !(is_leaf(to) && same_cluster);
  case leaf_up: return down && !same_cluster;
  }
  return false;
}

} // namespace troupe::protocol
