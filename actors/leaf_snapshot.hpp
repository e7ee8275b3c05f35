// actors/leaf_snapshot.hpp: what monitoring sees of leaf nodes and of the hubs we are one of.
#pragma once

#include "actors/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::actors {

/// One link (monitoring.md section 8).
struct leaf_snapshot {
  uint64_t lid = 0;
  std::string name; ///< of the server at the other end
  std::string version;
  std::string user; ///< by whom it came; empty: it was dialled
  bool solicited = false;
  bool spoke = false; ///< we are the spoke of it
  bool isolated = false;
  std::string account;
  std::string ip;
  uint16_t port = 0;
  wall_time start, last_activity;
  int64_t pending_bytes = 0;
  std::chrono::nanoseconds rtt{0};
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  size_t subscriptions = 0;
  std::vector<std::string> subscription_list; ///< subjects; only if asked for
};

} // namespace troupe::actors
