// security/scope_template.hpp: permissions of a scoped signing key, filled in for one user.
#pragma once

#include "security/claims.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::security {

/// What `{{name()}}` and its like stand for (accounts-and-auth.md section 5.3).
struct scope_values {
  std::string_view name;
  std::string_view subject;
  const std::vector<std::string>& tags;
  std::string_view account_name;
  std::string_view account_subject;
  const std::vector<std::string>& account_tags;
};

/// The template with every list filled in, or why the user cannot log in. An allow entry that
/// becomes no valid subject is left out (if none remains, everything is denied); such a deny entry
/// is a refusal. Names that hold wildcards fit nowhere.
std::variant<user_limits, std::string> fill_in(const user_limits& scope_template,
                                               const scope_values& values);

} // namespace troupe::security
