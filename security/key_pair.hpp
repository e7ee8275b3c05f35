// security/key_pair.hpp: an nkey with its private half: seeds, signatures, sealed boxes.
#pragma once

#include "security/nkey.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::security {

/// What a seed's text holds (accounts-and-auth.md section 2.2). Wiped when it dies.
class nkey_seed {
public:
  /// Random bytes of libsodium.
  static nkey_seed create(nkey_kind kind);
  /// Nothing if `text` is not exactly what `text()` makes: 58 upper-case letters and digits.
  static std::optional<nkey_seed> parse(std::string_view text);
  nkey_seed(nkey_kind kind, const std::array<uint8_t, 32>& raw) noexcept : kind_{kind}, raw_{raw} {}
  nkey_seed(const nkey_seed&) noexcept = default;
  nkey_seed& operator=(const nkey_seed&) noexcept = default;
  ~nkey_seed();

  nkey_kind kind() const noexcept { return kind_; }
  const std::array<uint8_t, 32>& raw() const noexcept { return raw_; }
  /// "SU…", "SA…", "SO…", "SN…", "SC…", "SX…". A secret: `wipe` it after use.
  std::string text() const;

private:
  nkey_kind kind_;
  std::array<uint8_t, 32> raw_;
};

/// An ed25519 pair: every kind but `curve`. Copies are wiped one by one.
class key_pair {
public:
  /// `kind` must not be `curve`.
  static key_pair create(nkey_kind kind);
  /// Nothing if the text is no seed, or that of a curve key.
  static std::optional<key_pair> from_seed(std::string_view text);
  explicit key_pair(const nkey_seed& seed);
  key_pair(const key_pair&) noexcept = default;
  key_pair& operator=(const key_pair&) noexcept = default;
  ~key_pair();

  nkey_kind kind() const noexcept { return public_.kind; }
  const public_nkey& public_key() const noexcept { return public_; }
  /// "U…" and so on.
  const std::string& public_text() const noexcept { return text_; }
  nkey_seed seed() const;
  raw_signature sign(std::string_view message) const;

private:
  public_nkey public_;
  std::array<uint8_t, 64> secret_{}; ///< libsodium's form: seed, then public key
  std::string text_;
};

/// An x25519 pair ("X…"), for what only one server or auth callout may read: `xkv1`, a random
/// nonce, a crypto_box (section 2.3).
class curve_key_pair {
public:
  static curve_key_pair create();
  /// Nothing if the text is not the seed of a curve key.
  static std::optional<curve_key_pair> from_seed(std::string_view text);
  /// `seed` must be that of a curve key.
  explicit curve_key_pair(const nkey_seed& seed);

  const public_nkey& public_key() const noexcept { return public_; }
  const std::string& public_text() const noexcept { return text_; }
  const nkey_seed& seed() const noexcept { return seed_; }

  /// Nothing if `recipient` is no curve key, or one that no secret belongs to.
  std::optional<std::string> seal(std::string_view message, std::string_view recipient) const;
  /// Nothing if `sealed` was not made by `sender` for this pair, or was changed.
  std::optional<std::string> open(std::string_view sealed, std::string_view sender) const;

private:
  nkey_seed seed_;
  public_nkey public_;
  std::string text_;
};

} // namespace troupe::security
