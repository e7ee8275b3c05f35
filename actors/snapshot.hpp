// actors/snapshot.hpp: what monitoring sees of the running broker; plain copies of one moment.
#pragma once

#include "security/permissions.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::actors {

using wall_time = std::chrono::system_clock::time_point;

struct subscription_snapshot {
  std::string account;
  std::string subject;
  std::string queue;
  std::string sid;
  uint64_t messages = 0;
  uint64_t maximum = 0; ///< 0: none
  uint64_t cid = 0;
};

/// One client, open or closed (monitoring.md sections 4 and 5).
struct connection_snapshot {
  uint64_t cid = 0;
  bool leafnode = false;  ///< a leaf node's link, at either end, rather than a client
  bool websocket = false; ///< a client that speaks in websocket frames
  size_t reactor = 0;
  std::string ip;
  uint16_t port = 0;
  wall_time start;
  wall_time last_activity;
  wall_time stop;     ///< closed ones only
  std::string reason; ///< closed ones only
  std::chrono::nanoseconds rtt{0};
  int64_t pending_bytes = 0;
  size_t mailbox = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  uint64_t stalls = 0;
  size_t subscriptions = 0;
  std::string name, lang, version;
  std::string tls_version, tls_cipher;
  bool tls_first = false;
  std::string certificate_subject, certificate_spki, certificate_sha256;
  std::string user;
  std::string account;
  std::string user_name;                                ///< the JWT's name for people
  wall_time expires;                                    ///< when its credentials end; epoch: never
  security::permissions_ptr allowed;                    ///< null: everything
  std::vector<subscription_snapshot> subscription_list; ///< only if asked for
};

/// What a reader of connections wants.
struct connection_query {
  bool open = true;
  bool closed = false;
  bool subscriptions = false;
  uint64_t cid = 0;    ///< 0: all
  std::string account; ///< empty: all
};

/// One actor as `troupe actors` shows it. `parent` names another one by its path.
struct actor_snapshot {
  std::string path;  ///< "broker/reactor/0/connection/7"
  std::string place; ///< "reactor 0", "scheduler", "thread"
  std::string state;
  size_t mailbox = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
};

struct account_snapshot {
  std::string name;
  std::string label;       ///< for people: in operator mode `name` is a key
  int64_t connections = 0; ///< clients
  int64_t leafnodes = 0;
  uint64_t total_connections = 0;
  uint64_t subscriptions = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  uint64_t slow_consumers = 0;
};

/// Figures of the whole broker (monitoring.md section 3).
struct server_snapshot {
  wall_time start;
  wall_time config_loaded;
  uint64_t connections = 0;
  uint64_t total_connections = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  uint64_t slow_consumers = 0;
  uint64_t stale_connections = 0;
  uint64_t stalled_clients = 0;
  uint64_t subscriptions = 0;
  std::string account_digest; ///< operator mode: equal where the same accounts are served
  std::vector<account_snapshot> accounts;
};

} // namespace troupe::actors
