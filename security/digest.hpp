// security/digest.hpp: SHA-256 of texts, and of sets of texts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::security {

using sha256_digest = std::array<uint8_t, 32>;

sha256_digest sha256(std::string_view text);
/// 64 lower-case digits.
std::string to_hex(const sha256_digest& digest);
/// Adds a member to the digest of a set, or takes it out again: an XOR, whatever the order.
void toggle(sha256_digest& set, const sha256_digest& member) noexcept;

} // namespace troupe::security
