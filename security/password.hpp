// security/password.hpp: compares what a peer sent with a stored password or token.
#pragma once

#include <string_view>

namespace troupe::security {

/// True if `stored` begins like a bcrypt hash: "$2a$11$…" (also 2b, 2x, 2y).
bool is_bcrypt(std::string_view stored) noexcept;

/// True if comparing takes long enough (tens of milliseconds and more) to do it off an event loop.
bool is_expensive(std::string_view stored) noexcept;

/// A bcrypt hash is compared as such, sending the hash text itself fails; anything else byte for
/// byte. Takes the same time wherever the first difference is. Two empty texts are equal: whether
/// an empty password may be used is for the caller to say.
bool matches(std::string_view stored, std::string_view given);

} // namespace troupe::security
