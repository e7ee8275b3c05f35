// security/distinguished_name.hpp: the subject of a certificate as names and values to compare.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// One "CN=bob". Types are compared without regard to case, values exactly.
struct name_attribute {
  std::string type; ///< lower case: "cn", "ou", "dc", "emailaddress", or dotted numbers
  std::string value;
  auto operator<=>(const name_attribute&) const = default;
};

/// Attributes that stand together (joined by `+` in text), sorted.
using relative_name = std::vector<name_attribute>;

/// In the order of the text form (RFC 4514): the most specific first, the reverse of the encoding.
struct distinguished_name {
  std::vector<relative_name> parts;

  bool empty() const noexcept { return parts.empty(); }
  bool operator==(const distinguished_name&) const = default;
};

/// Reads "CN=bob,OU=Eng,O=Acme" with the escapes of RFC 4514 (`\,` `\2C`) and blanks around the
/// separators. Nothing if it is no such text. A value in `#hex` form is kept as it stands.
std::optional<distinguished_name> parse_distinguished_name(std::string_view text);

/// True if both have the same parts, in whatever order.
bool equal_ignoring_order(const distinguished_name& a, const distinguished_name& b);

/// `value` with the escapes that RFC 4514 asks for.
std::string escape_name_value(std::string_view value);

} // namespace troupe::security
