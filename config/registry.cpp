// config/registry.cpp: the table of options; a new field of `options` needs its row here.
#include "config/registry.hpp"

#include <array>

namespace troupe::config {

namespace {

constexpr auto applies = on_reload::applies;
constexpr auto refused = on_reload::refused;
constexpr int64_t no_end = std::numeric_limits<int64_t>::max();

using o = options&;

const auto table = std::to_array<option_entry>({
    {"name", "server_name", "ServerName", refused, unit::text,
     [](o c) -> field { return &c.server_name; },
     "name of this broker, no spaces; default: its id"},
    {"tags", "server_tags", "tags", applies, unit::list,
     [](o c) -> field { return &c.server_tags; },
     "words shown in monitoring and INFO, trimmed and lower-cased"},
    {"metadata", "server_metadata", "metadata", applies, unit::map,
     [](o c) -> field { return &c.server_metadata; }, "names and texts shown in monitoring"},
    {"system_account", "system_account system", "SystemAccount", refused, unit::text,
     [](o c) -> field { return &c.system_account; },
     "account that belongs to the broker itself; default: $SYS"},
    {"reactors", "", "Reactors", refused, unit::count, [](o c) -> field { return &c.reactors; },
     "event loops; 0: one a core", 0, 1024},
    {"no_header_support", "no_header_support", "NoHeaderSupport", refused, unit::flag,
     [](o c) -> field { return &c.no_header_support; }, "refuse messages with headers"},
    {"no_fast_producer_stall", "no_fast_producer_stall", "no_fast_producer_stall", applies,
     unit::flag, [](o c) -> field { return &c.no_fast_producer_stall; },
     "do not slow publishers down for a slow consumer"},
    {"pid_file", "pid_file pidfile", "pid_file", applies, unit::text,
     [](o c) -> field { return &c.pid_file; }, "file for the process id"},
    {"ports_file_dir", "ports_file_dir", "ports_file_dir", applies, unit::text,
     [](o c) -> field { return &c.ports_file_dir; }, "directory for the file with the bound ports"},
    {"admin_socket", "", "AdminSocket", refused, unit::text,
     [](o c) -> field { return &c.admin_socket; },
     "unix socket of `troupe actors`; default: by pid"},

    {"listen.host", "host net", "Host", refused, unit::text,
     [](o c) -> field { return &c.client.host; }, "address clients connect to"},
    {"listen.port", "port", "Port", refused, unit::count,
     [](o c) -> field { return &c.client.port; }, "-1: any free port", -1, 65535},
    {"listen.advertise", "client_advertise", "client_advertise", applies, unit::text,
     [](o c) -> field { return &c.client.advertise; }, "host[:port] that clients are told"},
    {"listen.allow_non_tls", "allow_non_tls", "AllowNonTLS", refused, unit::flag,
     [](o c) -> field { return &c.client.allow_non_tls; }, "TLS is offered, not demanded"},

    {"limits.max_payload", "max_payload", "max_payload", applies, unit::bytes,
     [](o c) -> field { return &c.limits.max_payload; }, "headers and body of one message", -1,
     no_end},
    {"limits.max_control_line", "max_control_line", "max_control_line", applies, unit::bytes,
     [](o c) -> field { return &c.limits.max_control_line; }, "one protocol line", 1, no_end},
    {"limits.max_connections", "max_connections max_conn", "max_connections", applies, unit::count,
     [](o c) -> field { return &c.limits.max_connections; }, "clients at once; -1: no limit", -1,
     no_end},
    {"limits.max_subscriptions", "max_subscriptions max_subs", "MaxSubs", refused, unit::count,
     [](o c) -> field { return &c.limits.max_subscriptions; }, "per connection; 0: no limit", -1,
     no_end},
    {"limits.max_subscription_tokens", "max_sub_tokens max_subscription_tokens", "MaxSubTokens",
     refused, unit::count, [](o c) -> field { return &c.limits.max_subscription_tokens; },
     "tokens of a subscribed subject; 0: no limit", 0, 255},
    {"limits.max_pending", "max_pending", "MaxPending", refused, unit::bytes,
     [](o c) -> field { return &c.limits.max_pending; }, "bytes queued for one peer", 1, no_end},
    {"limits.max_closed_clients", "max_closed_clients", "MaxClosedClients", refused, unit::count,
     [](o c) -> field { return &c.limits.max_closed_clients; },
     "closed connections that monitoring remembers", -1, no_end},
    {"limits.max_traced_msg_len", "max_traced_msg_len", "max_traced_msg_len", applies, unit::bytes,
     [](o c) -> field { return &c.limits.max_traced_msg_len; },
     "bytes of a payload in a trace line; 0: all", -1, no_end},
    {"limits.handshake_concurrency", "", "HandshakeConcurrency", refused, unit::count,
     [](o c) -> field { return &c.limits.handshake_concurrency; },
     "TLS handshakes in progress at once; 0: twice the cores", 0, 65535},

    {"timing.ping_interval", "ping_interval", "ping_interval", applies, unit::duration,
     [](o c) -> field { return &c.timing.ping_interval; }, "silence after which a peer is asked"},
    {"timing.ping_max", "ping_max", "ping_max", applies, unit::count,
     [](o c) -> field { return &c.timing.ping_max; }, "unanswered pings before a peer is cut", 0,
     1000},
    {"timing.write_deadline", "write_deadline", "write_deadline", applies, unit::duration,
     [](o c) -> field { return &c.timing.write_deadline; },
     "time one write may take before the peer is a slow consumer"},
    {"timing.lame_duck_duration", "lame_duck_duration", "LameDuckDuration", refused,
     unit::text_duration, [](o c) -> field { return &c.timing.lame_duck_duration; },
     "spread of disconnects in lame duck mode"},
    {"timing.lame_duck_grace_period", "lame_duck_grace_period", "LameDuckGracePeriod", refused,
     unit::text_duration, [](o c) -> field { return &c.timing.lame_duck_grace_period; },
     "wait before the first of them"},
    {"timing.soft_shutdown_timeout", "", "soft_shutdown_timeout", applies, unit::duration,
     [](o c) -> field { return &c.timing.soft_shutdown_timeout; },
     "time an orderly stop may take before the process gives up"},

    {"authorization.user", "authorization.user authorization.username", "authorization username",
     applies, unit::text, [](o c) -> field { return &c.authorization.user; },
     "one user for everybody; or use `users`"},
    {"authorization.password", "authorization.password authorization.pass",
     "authorization password", applies, unit::secret,
     [](o c) -> field { return &c.authorization.password; }, "its password, plain or bcrypt"},
    {"authorization.token", "authorization.token", "authorization token", applies, unit::secret,
     [](o c) -> field { return &c.authorization.token; },
     "one token for everybody, plain or bcrypt"},
    {"authorization.timeout", "authorization.timeout", "authorization timeout", applies,
     unit::seconds, [](o c) -> field { return &c.authorization.timeout; },
     "from connect to CONNECT; default: 2s, with TLS its timeout + 1s"},
    {"authorization.no_auth_user", "no_auth_user", "NoAuthUser", refused, unit::text,
     [](o c) -> field { return &c.authorization.no_auth_user; },
     "user that those without credentials become"},

    {"fleet.client_hosts", "", "ClientHosts", applies, unit::list,
     [](o c) -> field { return &c.fleet.client_hosts; },
     "addresses and networks of Choria clients; others are managed nodes; empty: all"},
    {"fleet.deny_server_connections", "", "DenyServerConnections", applies, unit::flag,
     [](o c) -> field { return &c.fleet.deny_server_connections; },
     "hosts outside fleet.client_hosts may do nothing at all"},

    {"operator.tokens", "operator operators roots root root_operators root_operator",
     "TrustedOperators", refused, unit::list, [](o c) -> field { return &c.operators.operators; },
     "JWTs of trusted operators, or files with them"},
    {"operator.trusted_keys", "trusted_keys trusted", "TrustedKeys", refused, unit::list,
     [](o c) -> field { return &c.operators.trusted_keys; },
     "public operator keys, instead of operator.tokens"},
    {"operator.store", "", "OperatorStore", refused, unit::text,
     [](o c) -> field { return &c.operators.store; }, "folder of an operator as nsc keeps it"},
    {"operator.preload", "resolver_preload", "resolver_preload", applies, unit::map,
     [](o c) -> field { return &c.operators.preload; }, "account JWTs by public key"},
    {"operator.pinned_accounts", "resolver_pinned_accounts", "resolver_pinned_accounts", refused,
     unit::list, [](o c) -> field { return &c.operators.pinned_accounts; },
     "if given, only users of these accounts and of the system account log in"},
    {"operator.sentinel", "default_sentinel", "DefaultSentinel", refused, unit::secret,
     [](o c) -> field { return &c.operators.sentinel; }, "bearer JWT of clients that send none"},

    {"resolver.type", "", "AccountResolver", refused, unit::text,
     [](o c) -> field { return &c.operators.resolver.type; }, "memory, url, full or cache"},
    {"resolver.url", "", "AccountResolver", refused, unit::text,
     [](o c) -> field { return &c.operators.resolver.url; },
     "http://host/path/; an account's public key is put behind it"},
    {"resolver.dir", "", "AccountResolver", refused, unit::text,
     [](o c) -> field { return &c.operators.resolver.dir; }, "folder of full and cache"},
    {"resolver.limit", "", "AccountResolver", refused, unit::count,
     [](o c) -> field { return &c.operators.resolver.limit; },
     "accounts in dir; 0: no limit, for cache 1000", 0, no_end},
    {"resolver.ttl", "", "AccountResolver", refused, unit::duration,
     [](o c) -> field { return &c.operators.resolver.ttl; },
     "cache: an account unused that long goes; 0: none does"},
    {"resolver.interval", "", "AccountResolver", refused, unit::duration,
     [](o c) -> field { return &c.operators.resolver.interval; },
     "full: time between two comparisons with other brokers"},
    {"resolver.timeout", "", "AccountResolver", refused, unit::duration,
     [](o c) -> field { return &c.operators.resolver.timeout; }, "longest wait for one account"},
    {"resolver.allow_delete", "", "AccountResolver", refused, unit::flag,
     [](o c) -> field { return &c.operators.resolver.allow_delete; },
     "an operator may delete accounts by a request"},
    {"resolver.hard_delete", "", "AccountResolver", refused, unit::flag,
     [](o c) -> field { return &c.operators.resolver.hard_delete; },
     "such an account's file is removed, not renamed"},

    {"cluster.name", "cluster.name", "cluster name", refused, unit::text,
     [](o c) -> field { return &c.cluster_name; },
     "name of the cluster, no spaces; default: one that is made up"},
    {"cluster.host", "cluster.host cluster.net", "cluster host", refused, unit::text,
     [](o c) -> field { return &c.cluster.host; }, "address routes connect to"},
    {"cluster.port", "cluster.port", "cluster port", refused, unit::count,
     [](o c) -> field { return &c.cluster.port; }, "0: no routes, -1: any free port", -1, 65535},
    {"cluster.advertise", "cluster.advertise cluster.cluster_advertise", "cluster advertise",
     refused, unit::text, [](o c) -> field { return &c.cluster.advertise; },
     "host[:port] that other members are told to dial"},
    {"cluster.no_advertise", "cluster.no_advertise", "", applies, unit::flag,
     [](o c) -> field { return &c.cluster.no_advertise; },
     "do not tell clients of the other members"},
    {"cluster.authorization.user", "cluster.authorization.user cluster.authorization.username", "",
     applies, unit::text, [](o c) -> field { return &c.cluster.authorization.user; },
     "user that routes log in as, both ways"},
    {"cluster.authorization.password", "cluster.authorization.password cluster.authorization.pass",
     "", applies, unit::secret, [](o c) -> field { return &c.cluster.authorization.password; },
     "its password"},
    {"cluster.authorization.timeout", "cluster.authorization.timeout", "", applies, unit::seconds,
     [](o c) -> field { return &c.cluster.authorization.timeout; },
     "from connect to CONNECT; default: 2s, with TLS its timeout + 1s"},
    {"cluster.connect_retries", "cluster.connect_retries", "", applies, unit::count,
     [](o c) -> field { return &c.cluster.connect_retries; },
     "further attempts to reach members learned from others", 0, no_end},
    {"cluster.connect_backoff", "cluster.connect_backoff", "", applies, unit::flag,
     [](o c) -> field { return &c.cluster.connect_backoff; },
     "double the wait between attempts, up to 30s"},
    {"cluster.ping_interval", "cluster.ping_interval", "", applies, unit::duration,
     [](o c) -> field { return &c.cluster.ping_interval; },
     "time between pings; 0: timing.ping_interval, at most 30s"},
    {"cluster.ping_max", "cluster.ping_max", "", applies, unit::count,
     [](o c) -> field { return &c.cluster.ping_max; },
     "unanswered pings before a route is cut; 0: timing.ping_max", 0, 1000},
    {"cluster.write_deadline", "cluster.write_deadline", "", applies, unit::duration,
     [](o c) -> field { return &c.cluster.write_deadline; },
     "time one write may take; 0: timing.write_deadline"},
    {"cluster.write_timeout", "cluster.write_timeout", "", applies, unit::text,
     [](o c) -> field { return &c.cluster.write_timeout; },
     "then: close, or retry, which is the default"},
    {"cluster.pool_size", "cluster.pool_size", "", applies, unit::count,
     [](o c) -> field { return &c.cluster.pool_size; },
     "taken and declined: there is one route a peer", -1, no_end},
    {"cluster.accounts", "cluster.accounts", "", applies, unit::list,
     [](o c) -> field { return &c.cluster.accounts; },
     "taken and declined: all accounts share one route"},
    {"cluster.compression", "", "", applies, unit::text,
     [](o c) -> field { return &c.cluster.compression; },
     "taken and declined: routes are not compressed"},

    {"monitoring.host", "", "HTTPHost", refused, unit::text,
     [](o c) -> field { return &c.monitoring.host; }, "default: listen.host"},
    {"monitoring.port", "", "HTTPPort", refused, unit::count,
     [](o c) -> field { return &c.monitoring.port; }, "0: off, -1: any free port", -1, 65535},
    {"monitoring.https", "", "HTTPSPort", refused, unit::flag,
     [](o c) -> field { return &c.monitoring.https; }, "serve monitoring over TLS"},
    {"monitoring.base_path", "http_base_path", "HTTPBasePath", refused, unit::text,
     [](o c) -> field { return &c.monitoring.base_path; }, "path in front of every endpoint"},

    {"logging.file", "log_file logfile", "log_file", applies, unit::text,
     [](o c) -> field { return &c.logging.file; }, "path, stderr, stdout or discard"},
    {"logging.format", "", "LogFormat", refused, unit::word,
     [](o c) -> field { return &c.logging.format; }, "text, nats or json"},
    {"logging.level", "", "log_level", applies, unit::word,
     [](o c) -> field { return &c.logging.level; }, "trace, debug, info, warn, error or fatal"},
    {"logging.trace_system_account", "trace_verbose", "trace_verbose", applies, unit::flag,
     [](o c) -> field { return &c.logging.trace_system_account; },
     "trace the system account's traffic too"},
    {"logging.trace_headers", "trace_headers", "trace_headers", applies, unit::flag,
     [](o c) -> field { return &c.logging.trace_headers; }, "trace headers without the bodies"},
    {"logging.time", "logtime", "logtime", applies, unit::flag,
     [](o c) -> field { return &c.logging.time; }, "time stamp in each line"},
    {"logging.utc", "logtime_utc", "logtime_utc", applies, unit::flag,
     [](o c) -> field { return &c.logging.utc; }, "UTC instead of local time"},
    {"logging.size_limit", "log_size_limit logfile_size_limit", "LogSizeLimit", refused,
     unit::bytes, [](o c) -> field { return &c.logging.size_limit; },
     "rotate a larger log file; 0: never", 0, no_end},
    {"logging.max_files", "log_max_num logfile_max_num", "LogMaxFiles", refused, unit::count,
     [](o c) -> field { return &c.logging.max_files; }, "rotated files to keep; 0: all", 0, no_end},
    {"logging.syslog", "syslog", "syslog", applies, unit::flag,
     [](o c) -> field { return &c.logging.syslog; }, "log to the local syslog"},
    {"logging.remote_syslog", "remote_syslog", "remote_syslog", applies, unit::text,
     [](o c) -> field { return &c.logging.remote_syslog; }, "udp://host:port, tcp://… or unix://…"},
    {"logging.audit_file", "audit_file", "audit_file", applies, unit::text,
     [](o c) -> field { return &c.logging.audit_file; },
     "file for logins, denials, revocations and changes of accounts, a JSON object a line"},
});

bool names(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    auto end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == name)
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

} // namespace

std::span<const option_entry> registry() {
  return table;
}

const option_entry* find_option(std::string_view key) {
  for (auto& entry : table)
    if (entry.key == key)
      return &entry;
  return nullptr;
}

const option_entry* find_nats_option(std::string_view name) {
  for (auto& entry : table)
    if (names(entry.nats, name))
      return &entry;
  return nullptr;
}

} // namespace troupe::config
