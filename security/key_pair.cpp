// security/key_pair.cpp: seeds as text, ed25519 signatures, xkv1 boxes.
#include "security/key_pair.hpp"

#include "security/sodium.hpp"
#include "security/text_encoding.hpp"

#include <sodium.h>

#include <algorithm>

namespace troupe::security {
namespace {

constexpr uint8_t seed_prefix = 0x90;
constexpr size_t seed_bytes = 2 + 32 + 2;
constexpr std::string_view box_version = "xkv1";
constexpr size_t box_head = box_version.size() + crypto_box_NONCEBYTES;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

nkey_seed nkey_seed::create(nkey_kind kind) {
  start_sodium();
  nkey_seed out{kind, {}};
  randombytes_buf(out.raw_.data(), out.raw_.size());
  return out;
}

std::optional<nkey_seed> nkey_seed::parse(std::string_view text) {
  std::array<uint8_t, seed_bytes> bytes{};
  std::optional<nkey_seed> out;
  if (from_base32(text, bytes)) {
    auto told = static_cast<uint16_t>(bytes[34] | bytes[35] << 8);
    auto kind = nkey_kind_of(static_cast<uint8_t>((bytes[0] & 7) << 5 | (bytes[1] & 0xF8) >> 3));
    if ((bytes[0] & 0xF8) == seed_prefix && (bytes[1] & 7) == 0 && kind
        && told == crc16({bytes.data(), 34})) {
      out.emplace(*kind, std::array<uint8_t, 32>{});
      std::copy_n(bytes.begin() + 2, out->raw_.size(), out->raw_.begin());
    }
  }
  sodium_memzero(bytes.data(), bytes.size());
  return out;
}

nkey_seed::~nkey_seed() {
  sodium_memzero(raw_.data(), raw_.size());
}

std::string nkey_seed::text() const {
  std::array<uint8_t, seed_bytes> bytes{};
  auto prefix = static_cast<uint8_t>(kind_);
  bytes[0] = static_cast<uint8_t>(seed_prefix | prefix >> 5);
  bytes[1] = static_cast<uint8_t>((prefix & 31) << 3);
  std::copy(raw_.begin(), raw_.end(), bytes.begin() + 2);
  auto crc = crc16({bytes.data(), 34});
  bytes[34] = static_cast<uint8_t>(crc & 0xFF);
  bytes[35] = static_cast<uint8_t>(crc >> 8);
  auto out = to_base32(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return out;
}

key_pair key_pair::create(nkey_kind kind) {
  return key_pair{nkey_seed::create(kind)};
}

std::optional<key_pair> key_pair::from_seed(std::string_view text) {
  auto seed = nkey_seed::parse(text);
  if (!seed || seed->kind() == nkey_kind::curve)
    return std::nullopt;
  return key_pair{*seed};
}

key_pair::key_pair(const nkey_seed& seed) : public_{seed.kind(), {}} {
  start_sodium();
  crypto_sign_seed_keypair(public_.key.data(), secret_.data(), seed.raw().data());
  text_ = encode(public_);
}

key_pair::~key_pair() {
  sodium_memzero(secret_.data(), secret_.size());
}

nkey_seed key_pair::seed() const {
  std::array<uint8_t, 32> raw{};
  crypto_sign_ed25519_sk_to_seed(raw.data(), secret_.data());
  nkey_seed out{public_.kind, raw};
  sodium_memzero(raw.data(), raw.size());
  return out;
}

raw_signature key_pair::sign(std::string_view message) const {
  raw_signature out{};
  crypto_sign_detached(out.data(), nullptr, bytes_of(message), message.size(), secret_.data());
  return out;
}

curve_key_pair curve_key_pair::create() {
  return curve_key_pair{nkey_seed::create(nkey_kind::curve)};
}

std::optional<curve_key_pair> curve_key_pair::from_seed(std::string_view text) {
  auto seed = nkey_seed::parse(text);
  if (!seed || seed->kind() != nkey_kind::curve)
    return std::nullopt;
  return curve_key_pair{*seed};
}

curve_key_pair::curve_key_pair(const nkey_seed& seed) : seed_{seed}, public_{nkey_kind::curve, {}} {
  start_sodium();
  crypto_scalarmult_base(public_.key.data(), seed_.raw().data());
  text_ = encode(public_);
}

std::optional<std::string> curve_key_pair::seal(std::string_view message,
                                                std::string_view recipient) const {
  auto whom = decode_public_nkey(recipient);
  if (!whom || whom->kind != nkey_kind::curve)
    return std::nullopt;
  std::string out{box_version};
  out.resize(box_head + crypto_box_MACBYTES + message.size());
  auto* nonce = bytes_of(out) + box_version.size();
  randombytes_buf(nonce, crypto_box_NONCEBYTES);
  if (crypto_box_easy(bytes_of(out) + box_head, bytes_of(message), message.size(), nonce,
                      whom->key.data(), seed_.raw().data())
      != 0)
    return std::nullopt;
  return out;
}

std::optional<std::string> curve_key_pair::open(std::string_view sealed,
                                                std::string_view sender) const {
  auto who = decode_public_nkey(sender);
  if (!who || who->kind != nkey_kind::curve || !sealed.starts_with(box_version)
      || sealed.size() < box_head + crypto_box_MACBYTES)
    return std::nullopt;
  const auto* nonce = bytes_of(sealed) + box_version.size();
  sealed.remove_prefix(box_head);
  std::string out(sealed.size() - crypto_box_MACBYTES, '\0');
  if (crypto_box_open_easy(bytes_of(out), bytes_of(sealed), sealed.size(), nonce, who->key.data(),
                           seed_.raw().data())
      != 0)
    return std::nullopt;
  return out;
}

} // namespace troupe::security
