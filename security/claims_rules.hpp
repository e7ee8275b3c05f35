// security/claims_rules.hpp: claims turned into the rules that the broker follows.
#pragma once

#include "security/claims.hpp"
#include "security/connection_type.hpp"
#include "security/permissions.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Nothing if the claims restrict nothing at all.
std::optional<permission_rules> rules_of(const permission_claims& said);

/// The rules of an account whose claims `validate` finds usable. Imports of both spellings (`to`
/// and `local_subject`) come out in one form; an export or import without a kind is left out.
account_rules rules_of(const account_claims& said);

/// "192.0.2.0/24" or "2001:db8::/32".
struct address_range {
  std::array<uint8_t, 16> address{}; ///< IPv4 as ::ffff:…
  int bits = 0;                      ///< of these 128
  static std::optional<address_range> parse(std::string_view text);
  /// False if `address` is none.
  bool contains(std::string_view address) const;
};

/// "HH:MM:SS" as seconds since midnight; nothing if it is not exactly that.
std::optional<int> parse_time_of_day(std::string_view text);

/// Where a user may come from and when; of usable claims.
bool is_allowed_address(const user_limits& limits, std::string_view address);
/// Whether `now` (Unix seconds) lies in one of the ranges; then `ends` is when the one that ends
/// last does, 0 if nothing is limited. A range whose start is behind its end passes midnight.
bool is_allowed_time(const user_limits& limits, int64_t now, int64_t& ends);

} // namespace troupe::security
