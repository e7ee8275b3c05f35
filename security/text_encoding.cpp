// security/text_encoding.cpp: base32 by hand, base64 by libsodium.
#include "security/text_encoding.hpp"

#include "security/sodium.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace troupe::security {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr uint8_t no_letter = 0xFF;

constexpr auto values = [] {
  std::array<uint8_t, 256> out{};
  out.fill(no_letter);
  for (size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  return out;
}();

/// libsodium 1.0.18 takes some bytes beyond ASCII for letters.
bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
}

} // namespace

std::string to_base32(std::span<const uint8_t> bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  uint32_t bits = 0;
  int held = 0;
  for (auto byte : bytes) {
    bits = (bits << 8 | byte) & 0xFFF;
    for (held += 8; held >= 5;) {
      held -= 5;
      out += alphabet[bits >> held & 31];
    }
  }
  if (held > 0)
    out += alphabet[bits << (5 - held) & 31];
  return out;
}

bool from_base32(std::string_view text, std::span<uint8_t> out) noexcept {
  if (text.size() != (out.size() * 8 + 4) / 5)
    return false;
  uint32_t bits = 0;
  int held = 0;
  size_t done = 0;
  for (char c : text) {
    auto value = values[static_cast<unsigned char>(c)];
    if (value == no_letter)
      return false;
    bits = (bits << 5 | value) & 0xFFF;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out[done++] = static_cast<uint8_t>(bits >> held & 0xFF);
    }
  }
  return (bits & ((1U << held) - 1)) == 0;
}

std::string to_base64url(std::string_view bytes) {
  start_sodium();
  constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), variant), '\0'); // with a final zero
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  out.pop_back();
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  start_sodium();
  if (!is_ascii(text))
    return std::nullopt;
  std::string out(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  const char* end = nullptr;
  auto failed = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                  text.data(), text.size(), nullptr, &size, &end,
                                  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  if (failed != 0 || end != text.data() + text.size())
    return std::nullopt;
  out.resize(size);
  return out;
}

bool from_any_base64(std::string_view text, std::span<uint8_t> out) noexcept {
  if (!is_ascii(text))
    return false;
  for (int variant : {sodium_base64_VARIANT_URLSAFE_NO_PADDING, sodium_base64_VARIANT_ORIGINAL,
                      sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_ORIGINAL_NO_PADDING}) {
    size_t size = 0;
    if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                          variant)
            == 0
        && size == out.size())
      return true;
  }
  return false;
}

void wipe(std::string& secret) noexcept {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

} // namespace troupe::security
