// security/claims_json.hpp: the payload of a JWT, as text, and the claims in it.
#pragma once

#include "security/claims.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace troupe::security {

/// The claims in a payload, of version 1 or 2 (version 1 in the shape of version 2, with
/// `standard.version` 1), or what is wrong with it. With `as_generic` of whatever type they are.
std::variant<claims, std::string> read_claims(std::string_view payload, bool as_generic);

/// The payload for what is in `what`, always of version 2; false, and the reason in `out`, if some
/// text is not UTF-8.
bool write_claims(claims& what, std::string& out);

/// Standard claims without `id`, which is computed from this text.
bool write_for_id(const standard_claims& what, std::string& out);

} // namespace troupe::security
