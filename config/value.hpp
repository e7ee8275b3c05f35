// config/value.hpp: what a configuration file says, as a tree that knows where each part stood.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// A position in a file. `column` is counted as nats-server does: bytes since the last newline
/// character, so line 1 starts at 0 and every other line at 1.
struct place {
  std::shared_ptr<const std::string> file; ///< as the operator typed it; null: no file
  int line = 0;
  int column = 0;
};

/// "file:line:column"; without a column when it is negative, as line-oriented formats have none.
std::string to_string(const place& where);

struct member;

/// One value. Only the field that belongs to `kind` is meaningful, except that `text` always holds
/// a scalar's source text.
struct value {
  enum class type : uint8_t { text, integer, number, boolean, date, list, map };
  type kind = type::text;
  bool plain = false; ///< YAML: written without quotes, so it may be read as any scalar type
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<value> items;
  std::vector<member> members; ///< in file order; a repeated key keeps its last value
  place where;

  bool is_scalar() const { return kind != type::list && kind != type::map; }
};

struct member {
  std::string key;
  place where;
  value val;
  bool used_as_variable = false; ///< nats-server's format: exempt from the unknown-key check
};

/// A scalar as an operator would recognise it in a message: "abc", 5, true, a map, a list.
std::string describe(const value& val);

/// The value as compact JSON with sorted keys, as Go's encoder writes it.
std::string to_json(const value& val);

/// "sha256:<64 hex digits>" over to_json(root) and a newline: the digest nats-server 2.11+ shows.
std::string digest(const value& root);

} // namespace troupe::config
