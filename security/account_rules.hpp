// security/account_rules.hpp: what one account may do, what it offers to others, what it takes.
#pragma once

#include "security/permissions.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::security {

enum class share_kind : uint8_t { stream, service };
enum class response_kind : uint8_t { singleton, stream, chunked };

/// Negative: no limit; 0: none at all.
struct account_limits {
  int64_t connections = -1;   ///< clients and leaf nodes, over the whole cluster
  int64_t leafnodes = -1;     ///< of these, leaf nodes
  int64_t subscriptions = -1; ///< of each connection
  int64_t payload = -1;       ///< bytes of one message
  int64_t data = -1;          ///< bytes; carried, not enforced (as the reference does)
  int64_t imports = -1;
  int64_t exports = -1;
  bool wildcard_exports = true;
  bool disallow_bearer = false;
  bool operator==(const account_limits&) const = default;
};

/// Latency of a service, published to `results` in the exporting account.
struct latency_rule {
  std::string results;
  int sampling = 100; ///< percent; 0: only requests whose headers ask for it
  bool operator==(const latency_rule&) const = default;
};

/// Something an account lets others have. Public unless `token_required`, `accounts` or
/// `account_token_position` say otherwise.
struct export_rule {
  share_kind kind = share_kind::stream;
  std::string subject; ///< a pattern of the exporting account
  std::string name;
  std::optional<std::vector<std::string>> accounts; ///< only these (an empty list: nobody)
  bool token_required = false;                      ///< an importer needs an activation
  uint32_t account_token_position = 0; ///< 1-based token that must name the importer; 0: none
  response_kind response = response_kind::singleton;
  std::chrono::nanoseconds response_threshold = std::chrono::minutes{2};
  std::optional<latency_rule> latency;
  std::map<std::string, int64_t> revocations; ///< account or "*": activations issued up to then
  bool allow_trace = false;
  bool advertise = false;
  std::string description, info_url;
  bool operator==(const export_rule&) const = default;
};

/// Something an account takes from another one. Whatever the origin spelled (prefix, `to`,
/// `local_subject`), it stands here in one form.
struct import_rule {
  share_kind kind = share_kind::stream;
  std::string account;       ///< the exporter: name, or public key in operator mode
  std::string subject;       ///< as the exporter calls it; a pattern
  std::string local_subject; ///< as this account calls it; may reorder wildcards by `$n`
  std::string name;
  std::string token;  ///< activation JWT, for exports that need one
  bool share = false; ///< service: the exporter may know who asks
  bool allow_trace = false;
  bool operator==(const import_rule&) const = default;
};

struct mapping_destination {
  std::string subject; ///< a destination of protocol::subject_transform
  int weight = 100;    ///< percent of the messages; what is missing to 100 stays unmapped
  std::string cluster; ///< only in this cluster; empty: everywhere
  bool operator==(const mapping_destination&) const = default;
};

struct mapping_rule {
  std::string source;
  std::vector<mapping_destination> destinations;
  bool operator==(const mapping_rule&) const = default;
};

/// Messages that carry a sampled trace header are traced to `destination`.
struct trace_rule {
  std::string destination;
  int sampling = 100;
  bool operator==(const trace_rule&) const = default;
};

/// Everything the broker knows of an account, whether a file's `accounts` block or a JWT said it.
struct account_rules {
  std::string name;         ///< as events and other accounts call it; a public key in operator mode
  std::string display_name; ///< the JWT's name; in config mode the same as `name`
  std::string nkey;         ///< config mode: the account's own key, if given
  std::vector<std::string> tags;
  account_limits limits;
  std::vector<export_rule> exports;
  std::vector<import_rule> imports;
  std::vector<mapping_rule> mappings;
  std::optional<permission_rules> default_permissions;
  std::optional<trace_rule> trace;
  bool operator==(const account_rules&) const = default;
};

} // namespace troupe::security
