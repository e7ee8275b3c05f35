// security/nkey.hpp: public nkeys as text, what they sign, server identities and nonces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::security {

/// What a public key is for; the value is the first byte of its encoding (accounts-and-auth.md
/// section 2.1) and decides its first letter: O, A, U, N, C, X.
enum class nkey_kind : uint8_t {
  operator_key = 0x70,
  account = 0x00,
  user = 0xA0,
  server = 0x68,
  cluster = 0x10,
  curve = 0xB8,
};

/// "operator", "account", "user", "server", "cluster", "curve".
std::string_view to_string(nkey_kind kind) noexcept;

/// The kind with this first byte, if there is one.
std::optional<nkey_kind> nkey_kind_of(uint8_t prefix) noexcept;

/// 32 bytes: ed25519, for `curve` x25519.
using raw_public_key = std::array<uint8_t, 32>;
using raw_signature = std::array<uint8_t, 64>;

struct public_nkey {
  nkey_kind kind;
  raw_public_key key;
  bool operator==(const public_nkey&) const = default;
};

/// 56 upper-case letters and digits.
std::string encode(const public_nkey& key);

/// Nothing if `text` is not exactly what `encode` makes: lower case, padding, another length, a
/// wrong checksum, seeds and private keys are all refused.
std::optional<public_nkey> decode_public_nkey(std::string_view text);

/// `text` is a public key of this kind.
bool is_public_nkey(std::string_view text, nkey_kind kind);

/// True if `signature` is that of `message` by the holder of `key`; never for a curve key.
bool verify(const public_nkey& key, std::string_view message, const raw_signature& signature);

/// A public server key `N…` of a fresh random key pair whose secret half is thrown away.
std::string make_server_id();

/// What a client has to sign: 11 random bytes as 15 characters of base64url without padding.
std::string make_nonce();

/// True if `signature` (base64url without padding, or padded base64) is that of the text `nonce` by
/// the holder of the public user key `key`.
bool signed_by(std::string_view key, std::string_view nonce, std::string_view signature);

/// CRC-16/XMODEM, as nkeys carry it.
uint16_t crc16(std::span<const uint8_t> bytes) noexcept;

} // namespace troupe::security
