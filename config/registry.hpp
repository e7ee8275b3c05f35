// config/registry.hpp: one row per option: its names, its field, its bounds, whether it reloads.
#pragma once

#include "config/options.hpp"
#include "config/value.hpp"

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::config {

/// How an operator writes a value.
enum class unit : uint8_t {
  text,
  secret,        ///< text that is never printed
  count,         ///< a whole number
  bytes,         ///< the same; a suffix such as MB is usual
  flag,          ///< true or false
  duration,      ///< "30s"
  text_duration, ///< nats-server refuses a bare number of seconds here
  seconds,       ///< "30s" or a number of seconds, with a fraction
  list,
  map,
  word ///< one of a fixed set
};

using field = std::variant<std::string*, int*, int64_t*, bool*, nanoseconds*,
                           std::optional<nanoseconds>*, std::vector<std::string>*,
                           std::map<std::string, std::string>*, log_level*, log_format*>;

/// What a change of an option means for a running broker.
enum class on_reload : uint8_t { applies, refused };

struct option_entry {
  std::string_view key;   ///< Troupe's own name, also its place in YAML: "limits.max_payload"
  std::string_view nats;  ///< nats-server's names, the usual one first, separated by blanks
  std::string_view label; ///< reload: what the log calls it; refused: nats-server's field name
  on_reload reload;
  unit kind;
  field (*at)(options&);
  std::string_view help;
  int64_t lowest = std::numeric_limits<int64_t>::min();
  int64_t highest = std::numeric_limits<int64_t>::max();
};

/// Every option that is one field of `options`; TLS and users have tables of their own.
std::span<const option_entry> registry();

/// By Troupe's name; null when there is none.
const option_entry* find_option(std::string_view key);
/// By one of nats-server's names in lower case; inside `authorization`: "authorization.user".
const option_entry* find_nats_option(std::string_view name);

/// Who wrote a value: the formats differ in what they take for a number or a duration.
enum class dialect : uint8_t { nats, yaml };

struct assignment {
  std::string error;   ///< empty: the value fitted
  std::string warning; ///< nats-server's dialect: accepted, but not under -t
};

/// Puts `val` into a field; `key` is the name for messages.
assignment assign(field target, unit kind, std::string_view key, const value& val, dialect from);

/// A field as an operator would write it; secrets too, so do not print `unit::secret` with this.
std::string show(field source);

/// The words of the two enums in `logging`.
std::string_view to_string(log_level level);
std::string_view to_string(log_format format);

} // namespace troupe::config
