// security/nkey.cpp: checksum and prefix of public nkeys; verification.
#include "security/nkey.hpp"

#include "security/sodium.hpp"
#include "security/text_encoding.hpp"

#include <sodium.h>

#include <algorithm>

namespace troupe::security {
namespace {

constexpr size_t encoded_bytes = 1 + 32 + 2; // 56 letters, without a bit to spare

constexpr auto crc_table = [] {
  std::array<uint16_t, 256> out{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x8000) != 0 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1;
    out[i] = static_cast<uint16_t>(crc);
  }
  return out;
}();

} // namespace

std::string_view to_string(nkey_kind kind) noexcept {
  switch (kind) {
  case nkey_kind::operator_key: return "operator";
  case nkey_kind::account: return "account";
  case nkey_kind::user: return "user";
  case nkey_kind::server: return "server";
  case nkey_kind::cluster: return "cluster";
  case nkey_kind::curve: return "curve";
  }
  return "unknown";
}

std::optional<nkey_kind> nkey_kind_of(uint8_t prefix) noexcept {
  for (auto kind : {nkey_kind::operator_key, nkey_kind::account, nkey_kind::user, nkey_kind::server,
                    nkey_kind::cluster, nkey_kind::curve})
    if (prefix == static_cast<uint8_t>(kind))
      return kind;
  return std::nullopt;
}

uint16_t crc16(std::span<const uint8_t> bytes) noexcept {
  uint32_t crc = 0;
  for (auto byte : bytes)
    crc = (crc << 8 & 0xFFFF) ^ crc_table[(crc >> 8 ^ byte) & 0xFF];
  return static_cast<uint16_t>(crc);
}

std::string encode(const public_nkey& key) {
  std::array<uint8_t, encoded_bytes> bytes{};
  bytes[0] = static_cast<uint8_t>(key.kind);
  std::copy(key.key.begin(), key.key.end(), bytes.begin() + 1);
  auto crc = crc16({bytes.data(), 33});
  bytes[33] = static_cast<uint8_t>(crc & 0xFF);
  bytes[34] = static_cast<uint8_t>(crc >> 8);
  return to_base32(bytes);
}

std::optional<public_nkey> decode_public_nkey(std::string_view text) {
  std::array<uint8_t, encoded_bytes> bytes{};
  if (!from_base32(text, bytes))
    return std::nullopt;
  auto told = static_cast<uint16_t>(bytes[33] | bytes[34] << 8);
  auto kind = nkey_kind_of(bytes[0]);
  if (!kind || told != crc16({bytes.data(), 33}))
    return std::nullopt;
  public_nkey out{*kind, {}};
  std::copy_n(bytes.begin() + 1, out.key.size(), out.key.begin());
  return out;
}

bool is_public_nkey(std::string_view text, nkey_kind kind) {
  auto key = decode_public_nkey(text);
  return key && key->kind == kind;
}

bool verify(const public_nkey& key, std::string_view message, const raw_signature& signature) {
  start_sodium();
  return key.kind != nkey_kind::curve
         && crypto_sign_verify_detached(signature.data(),
                                        reinterpret_cast<const unsigned char*>(message.data()),
                                        message.size(), key.key.data())
                == 0;
}

std::string make_server_id() {
  start_sodium();
  public_nkey id{nkey_kind::server, {}};
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_keypair(id.key.data(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return encode(id);
}

std::string make_nonce() {
  start_sodium();
  std::array<char, 11> raw{};
  randombytes_buf(raw.data(), raw.size());
  return to_base64url({raw.data(), raw.size()});
}

bool signed_by(std::string_view key, std::string_view nonce, std::string_view signature) {
  auto public_key = decode_public_nkey(key);
  raw_signature raw{};
  return public_key && public_key->kind == nkey_kind::user && from_any_base64(signature, raw)
         && verify(*public_key, nonce, raw);
}

} // namespace troupe::security
