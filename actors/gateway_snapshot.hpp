// actors/gateway_snapshot.hpp: one connection of a gateway, as it is seen from outside.
//
// Source: monitoring.md (/gatewayz).
#pragma once

#include "actors/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::actors {

/// Interest in one account, as it was told over a connection.
struct gateway_account {
  std::string name;
  size_t subscriptions = 0; ///< with those of queue groups
  size_t queue_subscriptions = 0;
  std::vector<subscription_snapshot> subscription_list; ///< a dialled peer's; only if asked for
};

struct gateway_snapshot {
  uint64_t gid = 0;
  std::string cluster;     ///< the gateway's name at the other end
  bool outbound = false;   ///< we dialled: messages go out on it
  bool configured = false; ///< it stands in our configuration; else it was learned of
  std::string remote_id, remote_name;
  std::string ip;
  uint16_t port = 0;
  wall_time start;
  wall_time last_activity;
  std::chrono::nanoseconds rtt{0};
  int64_t pending_bytes = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  size_t subscriptions = 0;
  std::vector<gateway_account> accounts; ///< without those that nobody has any interest in
};

} // namespace troupe::actors
