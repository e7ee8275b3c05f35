// test/e2e/nonce_signature.cpp: answers the nonce of an INFO with an nkey's seed.
#include "nonce_signature.hpp"

#include <array>
#include <stdexcept>
#include <vector>

#include <sodium.h>

namespace troupe::e2e {
namespace {
std::vector<unsigned char> from_base32(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::vector<unsigned char> out;
  unsigned bits = 0;
  unsigned held = 0;
  for (char c : text) {
    auto value = alphabet.find(c);
    if (value == alphabet.npos)
      throw std::invalid_argument("not base32");
    held = held << 5 | static_cast<unsigned>(value);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<unsigned char>(held >> bits & 0xff));
    }
  }
  return out;
}
} // namespace

std::string sign_nonce(std::string_view seed, std::string_view nonce) {
  auto bytes = from_base32(seed); // 2 bytes of prefix, 32 of seed, 2 of checksum
  if (bytes.size() != 36 || sodium_init() < 0)
    throw std::invalid_argument("not a seed: " + std::string{seed});
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_seed_keypair(public_key.data(), secret_key.data(), bytes.data() + 2);
  crypto_sign_detached(signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size(),
                       secret_key.data());
  std::array<char, 128> text{};
  sodium_bin2base64(text.data(), text.size(), signature.data(), signature.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text.data();
}
} // namespace troupe::e2e
