// security/claims.hpp: what JWTs of every kind say, as plain data; "missing" is zero, as in JSON.
#pragma once

#include "security/account_rules.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::security {

/// Fields that this release does not know, as the text of a JSON object; empty for none. They are
/// written back, so that an edit with this tool loses nothing that a newer one wrote.
using extra_fields = std::string;

/// What every JWT has (accounts-and-auth.md section 3.2). Times are Unix seconds, 0: not set.
struct standard_claims {
  std::string audience;
  std::string id; ///< `jti`; made anew by `encode_jwt`
  std::string issuer;
  std::string name;
  std::string subject;
  int64_t expires = 0;
  int64_t issued_at = 0;
  int64_t not_before = 0;
  std::vector<std::string> tags; ///< lower case, by convention
  int version = 2;               ///< as it was read; 2 is written
  extra_fields extra;            ///< beside `iss`, `sub` …
};

struct permission_list {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  extra_fields extra;
};

/// 0 means one message, two minutes; negative without limit.
struct response_claim {
  int64_t max_messages = 0;
  int64_t ttl = 0; ///< nanoseconds
  extra_fields extra;
};

struct permission_claims {
  permission_list publish;
  permission_list subscribe; ///< entries may be "subject queue"
  std::optional<response_claim> responses;
};

struct operator_claims {
  standard_claims standard;
  std::vector<std::string> signing_keys;
  std::string account_server_url;
  std::vector<std::string> service_urls;
  std::string system_account;
  std::string assert_server_version;
  bool strict_signing_keys = false;
  extra_fields extra;
};

struct jetstream_limits {
  int64_t memory_storage = 0;
  int64_t disk_storage = 0;
  int64_t streams = 0;
  int64_t consumers = 0;
  int64_t max_ack_pending = 0;
  int64_t memory_max_stream_bytes = 0;
  int64_t disk_max_stream_bytes = 0;
  bool max_bytes_required = false;
  extra_fields extra; ///< of a tier; the flat ones share their object with `account_limit_claims`
  bool is_set() const noexcept {
    return memory_storage != 0 || disk_storage != 0 || streams != 0 || consumers != 0
           || max_ack_pending != 0 || memory_max_stream_bytes != 0 || disk_max_stream_bytes != 0
           || max_bytes_required;
  }
};

/// −1: no limit; 0, and so what is missing: none at all.
struct account_limit_claims {
  int64_t subscriptions = 0;
  int64_t data = 0;
  int64_t payload = 0;
  int64_t imports = 0;
  int64_t exports = 0;
  int64_t connections = 0;
  int64_t leafnodes = 0;
  bool wildcard_exports = false;
  bool disallow_bearer = false;
  jetstream_limits jetstream;
  std::map<std::string, jetstream_limits> tiers;
  extra_fields extra;
  /// What tools begin a new account with: everything but JetStream.
  static account_limit_claims unlimited();
};

struct latency_claim {
  int64_t sampling = 0; ///< percent; 0 stands for "headers"
  std::string results;
  extra_fields extra;
};

struct export_claim {
  std::string name;
  std::string subject;
  std::optional<share_kind> kind;
  bool token_required = false;
  std::map<std::string, int64_t> revocations; ///< account or "*"
  std::string response_type;                  ///< "", "Singleton", "Stream", "Chunked"
  int64_t response_threshold = 0;             ///< nanoseconds; 0: the default
  std::optional<latency_claim> latency;
  int64_t account_token_position = 0;
  bool advertise = false;
  bool allow_trace = false;
  std::string description;
  std::string info_url;
  extra_fields extra;
};

struct import_claim {
  std::string name;
  std::string subject; ///< whose name it is depends: see `rules_of`
  std::string account;
  std::string token; ///< activation JWT
  std::string to;    ///< older tools; a prefix for streams, the exporter's subject for services
  std::string local_subject;
  std::optional<share_kind> kind;
  bool share = false;
  bool allow_trace = false;
  extra_fields extra;
};

/// "HH:MM:SS", without a date.
struct time_range {
  std::string start;
  std::string end;
  extra_fields extra;
};

/// What a user may do: in a user JWT, or as the template of a scoped signing key.
struct user_limits {
  permission_claims permissions;
  std::vector<std::string> sources; ///< CIDR
  std::vector<time_range> times;
  std::string times_location; ///< IANA name; empty: the server's own
  int64_t subscriptions = 0;
  int64_t data = 0;
  int64_t payload = 0;
  bool bearer = false;
  bool proxy_required = false;
  std::vector<std::string> connection_types;
  /// Nothing at all is set, as scoped users must have it.
  bool is_empty() const noexcept;
  /// What tools begin a new user with: numbers without limit.
  static user_limits unlimited();
};

/// Users signed by a key with a scope get this, and nothing of their own (section 5.3).
struct user_scope {
  std::string role;
  std::string description;
  user_limits limits;
  extra_fields template_extra;
  extra_fields extra;
};

struct signing_key {
  std::string key;
  std::optional<user_scope> scope;
};

struct weighted_mapping {
  std::string subject;
  int64_t weight = 0; ///< 0 stands for 100
  std::string cluster;
  extra_fields extra;
};

/// Auth callout of an account's users.
struct callout_claims {
  std::vector<std::string> auth_users;
  std::vector<std::string> allowed_accounts; ///< or just "*"
  std::string xkey;
  extra_fields extra;
  bool enabled() const noexcept { return !auth_users.empty(); }
};

struct trace_claim {
  std::string destination;
  int64_t sampling = 0; ///< 0 stands for 100
  extra_fields extra;
};

struct account_claims {
  standard_claims standard;
  std::vector<import_claim> imports;
  std::vector<export_claim> exports;
  account_limit_claims limits;
  std::vector<signing_key> signing_keys;
  std::map<std::string, int64_t> revocations; ///< user or "*": JWTs issued up to then
  permission_claims default_permissions;
  extra_fields default_permissions_extra;
  std::map<std::string, std::vector<weighted_mapping>> mappings;
  callout_claims callout;
  std::optional<trace_claim> trace;
  std::string cluster_traffic;
  std::string description;
  std::string info_url;
  extra_fields extra;
};

struct user_claims {
  standard_claims standard;
  user_limits limits;
  std::string issuer_account; ///< set if `issuer` is a signing key
  extra_fields extra;
  /// The account it belongs to, or claims to.
  const std::string& account() const noexcept {
    return issuer_account.empty() ? standard.issuer : issuer_account;
  }
};

/// An exporter lets the account `standard.subject` import.
struct activation_claims {
  standard_claims standard;
  std::string subject;
  std::optional<share_kind> kind;
  std::string issuer_account;
  extra_fields extra;
  const std::string& account() const noexcept {
    return issuer_account.empty() ? standard.issuer : issuer_account;
  }
};

struct server_identity {
  std::string name, host, id, version, cluster, xkey;
  std::vector<std::string> tags;
  extra_fields extra;
};

struct client_identity {
  std::string host;
  uint64_t id = 0;
  std::string user, name, name_tag, kind, type, mqtt_id, nonce;
  std::vector<std::string> tags;
  extra_fields extra;
};

/// What the client's CONNECT said, secrets included.
struct connect_identity {
  std::string jwt, nkey, signature, token, user, password, name, lang, version;
  int64_t protocol = 0;
  extra_fields extra;
};

struct client_tls_claim {
  std::string version, cipher;
  std::vector<std::string> certificates; ///< PEM
  std::vector<std::vector<std::string>> verified_chains;
  extra_fields extra;
};

/// A server asks auth callout (section 11).
struct authorization_request_claims {
  standard_claims standard;
  server_identity server;
  std::string user_nkey;
  client_identity client;
  connect_identity connect;
  std::optional<client_tls_claim> tls;
  std::string request_nonce;
  extra_fields extra;
};

/// Either `jwt` or `error`.
struct authorization_response_claims {
  standard_claims standard;
  std::string jwt;
  std::string error;
  std::string issuer_account;
  extra_fields extra;
};

/// Of any other type; `data` is the text of the JSON object `nats`.
struct generic_claims {
  standard_claims standard;
  std::string type; ///< `nats.type`, or `type` of version 1
  std::string data;
};

using claims =
    std::variant<operator_claims, account_claims, user_claims, activation_claims,
                 authorization_request_claims, authorization_response_claims, generic_claims>;

/// "operator", "account", "user" … as `nats.type` spells it; "generic" for the rest.
std::string_view kind_of(const claims& any) noexcept;
const standard_claims& standard_of(const claims& any) noexcept;

} // namespace troupe::security
