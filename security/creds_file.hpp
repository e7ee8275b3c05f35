// security/creds_file.hpp: files with a JWT, a seed, or both, as the tools of NATS write them.
#pragma once

#include "security/key_pair.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::security {

/// What a creds file holds (accounts-and-auth.md section 2.4). The seed is wiped with it.
struct credentials_text {
  std::string jwt; ///< as it stands there; not decoded
  nkey_seed seed;
};

/// User JWT and seed between their lines of dashes; or what is missing or wrong, in a sentence
/// without a secret in it. Other text, CRLF and how many dashes (three or more) do not matter.
/// The JWT must be readable, of a user, and the seed must be its own.
std::variant<credentials_text, std::string> parse_creds(std::string_view text);

/// The same shape that nsc writes. Nothing if the JWT is not of a user or the seed not its own.
std::optional<std::string> format_creds(std::string_view jwt, const nkey_seed& seed);

/// The JWT of a decorated file (`.jwt`, `.creds`), or all of an undecorated one, without the blanks
/// around it. Not decoded.
std::string jwt_in(std::string_view text);

/// The seed of a `.nk`, seed or creds file: decorated, or on a line of its own.
std::optional<nkey_seed> seed_in(std::string_view text);

/// "-----BEGIN NATS ACCOUNT JWT-----" and so on; `kind` as `kind_of` says it.
std::string decorate_jwt(std::string_view kind, std::string_view jwt);

/// With the warning that it is a secret.
std::string decorate_seed(const nkey_seed& seed);

} // namespace troupe::security
