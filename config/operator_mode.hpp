// config/operator_mode.hpp: whom a broker trusts to name accounts, and where it finds their JWTs.
#pragma once

#include "security/tls_settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// Where accounts come from besides `operator_mode::preload`.
struct resolver {
  std::string type;                ///< memory, url, full, cache; empty: none
  std::string url;                 ///< url: the account's public key is put behind it
  std::string dir;                 ///< full and cache: `<public key>.jwt` files
  int64_t limit = 0;               ///< accounts kept in `dir`; 0: full without limit, cache 1000
  std::chrono::nanoseconds ttl{0}; ///< cache: unused that long; 0: for ever
  std::chrono::nanoseconds interval = std::chrono::minutes{1};        ///< full: between comparisons
  std::chrono::nanoseconds timeout = std::chrono::milliseconds{1900}; ///< of one look-up
  bool allow_delete = false;
  bool hard_delete = false;
};

/// Nothing set: accounts and users are those of the file.
struct operator_mode {
  std::vector<std::string> operators;    ///< a JWT, or the path of a file with one
  std::vector<std::string> trusted_keys; ///< public operator keys, instead of `operators`
  std::string store;                     ///< folder of one operator in the layout of nsc
  config::resolver resolver;
  std::optional<security::tls_settings> resolver_tls; ///< for type url
  std::map<std::string, std::string> preload;         ///< public account key to JWT
  std::vector<std::string> pinned_accounts; ///< if any: nobody else's users but the system's
  std::string sentinel;                     ///< bearer JWT of those who send none

  bool enabled() const noexcept {
    return !operators.empty() || !trusted_keys.empty() || !store.empty();
  }
};

} // namespace troupe::config
