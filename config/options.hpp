// config/options.hpp: every option of a broker, as plain data with its default.
#pragma once

#include "config/link_options.hpp"
#include "config/operator_mode.hpp"
#include "security/account_rules.hpp"
#include "security/callout_settings.hpp"
#include "security/permissions.hpp"
#include "security/tls_settings.hpp"
#include "security/user.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::config {

using nanoseconds = std::chrono::nanoseconds;

/// Where clients connect.
struct client_listener {
  std::string host = "0.0.0.0";
  int port = 4222;       ///< -1: any free port
  std::string advertise; ///< host[:port] put into INFO and connect_urls
  std::optional<security::tls_settings> tls;
  bool allow_non_tls = false;
};

/// What one client, or all of them, may use up.
struct limits {
  int64_t max_payload = 1024 * 1024;      ///< bytes, headers and body; -1: no limit
  int64_t max_control_line = 4096;        ///< bytes after the verb
  int64_t max_connections = 65536;        ///< -1: no limit
  int64_t max_subscriptions = 0;          ///< per connection, 0: no limit
  int64_t max_subscription_tokens = 0;    ///< 0: no limit, else 1-255
  int64_t max_pending = 64 * 1024 * 1024; ///< bytes queued for one peer
  int64_t max_closed_clients = 10000;     ///< remembered by /connz?state=closed
  int64_t max_traced_msg_len = 0;         ///< bytes of a payload in a trace line, 0: all
  int64_t handshake_concurrency = 0; ///< TLS handshakes in progress at once, 0: twice the cores
};

struct timing {
  nanoseconds ping_interval = std::chrono::minutes{2};
  int64_t ping_max = 2;
  nanoseconds write_deadline = std::chrono::seconds{10};
  nanoseconds lame_duck_duration = std::chrono::minutes{2};
  nanoseconds lame_duck_grace_period = std::chrono::seconds{10};
  nanoseconds soft_shutdown_timeout = std::chrono::seconds{60};
};

/// What a Choria fleet asks of its broker.
struct fleet {
  /// Addresses and networks that clients come from; others are managed nodes. Empty: all.
  std::vector<std::string> client_hosts;
  bool deny_server_connections = false; ///< others may do nothing at all
};

/// Who may log in. Nothing set: everybody, into the global account.
struct authorization {
  std::string user;
  std::string password;
  std::string token;
  std::vector<security::user> users;
  std::optional<security::permission_rules> default_permissions;
  std::string no_auth_user;
  std::optional<nanoseconds> timeout; ///< absent: 2 s, with TLS its timeout + 1 s
  std::optional<security::callout_settings> callout;
};

struct monitoring {
  std::string host; ///< empty: the client listener's
  int port = 0;     ///< 0: off, -1: any free port
  bool https = false;
  std::string base_path;
};

enum class log_level : uint8_t { trace, debug, info, warn, error, fatal };
enum class log_format : uint8_t { text, nats, json };

struct logging {
  std::string file; ///< empty or "stderr"; "stdout"; "discard"; else a path
  log_format format = log_format::text;
  log_level level = log_level::info;
  bool trace_system_account = false; ///< -VV
  bool trace_headers = false;
  bool time = true;
  bool utc = false;
  int64_t size_limit = 0; ///< bytes, 0: never rotate
  int64_t max_files = 0;
  bool syslog = false;
  std::string remote_syslog;
  std::string audit_file; ///< JSON lines of logins, denials and changes of accounts; empty: none
};

/// One option's origin, for `--check`: "broker.conf:12", "flag -p", "environment NAME", "default".
struct origin {
  std::string key;    ///< as the operator typed it
  std::string place;  ///< file:line[:column], "flag", "environment NAME" or "default"
  std::string option; ///< the option's own name, as in config/registry.hpp: "limits.max_payload"
};

/// An accepted key of a feature that this release does not run yet.
struct inactive_key {
  std::string key;
  std::string place;
  /// It would have kept somebody out, so running without it admits more than the operator wants.
  bool restricts_access = false;
};

struct options {
  std::string server_name; ///< empty: the server id
  std::vector<std::string> server_tags;
  std::map<std::string, std::string> server_metadata;
  client_listener client;
  config::limits limits;
  config::timing timing;
  config::authorization authorization;
  config::fleet fleet;
  config::monitoring monitoring;
  config::logging logging;
  int reactors = 0; ///< event loops, 0: one a core
  bool no_header_support = false;
  bool no_fast_producer_stall = false;
  std::string pid_file;
  std::string ports_file_dir;
  std::string admin_socket; ///< unix socket of `troupe actors`; empty: chosen from the pid
  std::string cluster_name; ///< told to clients; empty: one is made up once there are routes
  cluster_options cluster;
  gateway_options gateway;
  leafnode_options leafnodes;
  websocket_options websocket;
  std::string system_account; ///< empty: "$SYS"
  config::operator_mode operators;
  /// The default configuration was used because nothing was given.
  bool embedded_default = false;
  std::string config_file;
  std::string config_digest; ///< "sha256:…" of the parsed file, empty without one
  /// Tenants named by the file; users belong to them by `security::user::account`. $G is among them
  /// only if the file says something about it (top-level mappings).
  std::vector<security::account_rules> accounts;
  /// False: the file wants other roles only (a Choria Federation Broker, adapters), no listener.
  bool serves_clients = true;
};

} // namespace troupe::config
