// security/text_encoding.hpp: base32 and base64url, as nkeys and JWTs use them: without padding.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::security {

/// RFC 4648, upper case, no padding.
std::string to_base32(std::span<const uint8_t> bytes);

/// Fills `out` exactly, or returns false and leaves it undefined: any other length, lower case,
/// padding, blanks and spare bits that are not zero are refused.
bool from_base32(std::string_view text, std::span<uint8_t> out) noexcept;

/// RFC 4648 section 5, no padding.
std::string to_base64url(std::string_view bytes);

/// Nothing if `text` is not exactly what `to_base64url` makes.
std::optional<std::string> from_base64url(std::string_view text);

/// 64 raw bytes from base64url without padding or from padded base64: signatures come in both.
/// False if `text` is neither, or has another length.
bool from_any_base64(std::string_view text, std::span<uint8_t> out) noexcept;

/// Overwrites a secret before it is forgotten; no compiler leaves this out.
void wipe(std::string& secret) noexcept;

} // namespace troupe::security
