// security/jwt.hpp: JWTs of NATS: read and verify both versions, write version 2.
#pragma once

#include "security/claims.hpp"
#include "security/key_pair.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace troupe::security {

/// Nothing longer is looked at.
inline constexpr size_t max_jwt_size = 1024 * 1024;
/// How deep the JSON of a JWT may nest.
inline constexpr int max_jwt_depth = 32;

/// Why a JWT cannot be read or written: a sentence for logs and operators, without the JWT in it.
struct jwt_error {
  std::string reason;
};

template <class T>
using jwt_result = std::variant<T, jwt_error>;

/// Reads a JWT and checks its signature against the issuer it names, whose kind must fit: that this
/// issuer is to be trusted, that the time is right, and that the claims make sense (`validate`) is
/// for the caller to check. Blanks and line ends around it are none of it.
jwt_result<claims> decode_jwt(std::string_view token);

/// The same, if it is of the kind wanted.
jwt_result<operator_claims> decode_operator_jwt(std::string_view token);
jwt_result<account_claims> decode_account_jwt(std::string_view token);
jwt_result<user_claims> decode_user_jwt(std::string_view token);
jwt_result<activation_claims> decode_activation_jwt(std::string_view token);
jwt_result<authorization_request_claims> decode_authorization_request(std::string_view token);
jwt_result<authorization_response_claims> decode_authorization_response(std::string_view token);
/// Of any type, also the known ones; how the server is asked to delete accounts.
jwt_result<generic_claims> decode_generic_jwt(std::string_view token);

/// Signs. Sets issuer, `issued_at` (Unix seconds `now`), `id` and version in `what`, so that the
/// caller has what was written. Refused if subject or signer are of a kind that does not fit.
jwt_result<std::string> encode_jwt(claims& what, const key_pair& signer, int64_t now);

/// The `jti` of these standard claims, as all tools compute it (section 3.1).
std::string jwt_id(const standard_claims& standard);

/// Payload of a JWT as indented JSON for people to read, without checking anything; nothing if it
/// is not one.
std::optional<std::string> describe_jwt(std::string_view token);

} // namespace troupe::security
