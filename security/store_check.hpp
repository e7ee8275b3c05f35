// security/store_check.hpp: everything in a store that a broker, or a user, would stumble over.
#pragma once

#include "security/claims_validation.hpp"
#include "security/store_layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::security {

struct checked_file {
  std::string path;
  std::string kind;    ///< "operator", "account", "user", "creds", "seed"
  std::string name;    ///< user: "account/user"
  std::string subject; ///< public key; empty: the file cannot be read
  std::string issuer;
  std::string issuer_name; ///< "operator", "operator signing key", "account", "role reader" …
  int64_t expires = 0;     ///< Unix seconds; 0: never
  std::string digest;      ///< SHA-256 of the JWT's text, 64 hex digits; empty for secrets
  std::vector<claim_problem> problems;
};

/// Reads the whole store: form, signature, issuer, times, rules, imports between accounts, creds
/// that are out of date, secrets that others can read. Seeds and creds without fault are not
/// listed. `now`: Unix seconds.
std::vector<checked_file> check_store(const store_layout& where, int64_t now);

} // namespace troupe::security
