// test/e2e/nonce_signature.hpp: answers the nonce of an INFO with an nkey's seed.
#pragma once
#include <string>
#include <string_view>

namespace troupe::e2e {
/// Unpadded base64url of the ed25519 signature over the nonce's text.
/// Throws std::invalid_argument if `seed` is no seed of 58 base32 letters.
std::string sign_nonce(std::string_view seed, std::string_view nonce);
} // namespace troupe::e2e
