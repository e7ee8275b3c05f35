// security/digest.cpp: libsodium's SHA-256.
#include "security/digest.hpp"

#include <sodium.h>

namespace troupe::security {

static_assert(crypto_hash_sha256_BYTES == std::tuple_size_v<sha256_digest>);

sha256_digest sha256(std::string_view text) {
  sha256_digest out;
  crypto_hash_sha256(out.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return out;
}

std::string to_hex(const sha256_digest& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (auto byte : digest) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

void toggle(sha256_digest& set, const sha256_digest& member) noexcept {
  for (size_t i = 0; i < set.size(); ++i)
    set[i] ^= member[i];
}

} // namespace troupe::security
