// security/user.hpp: one configured user.
#pragma once

#include "security/permissions.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::security {

/// Either `name` (with `password`: plain or bcrypt "$2a$…") or `nkey` (public user key) is set.
struct user {
  std::string name;
  std::string password;
  std::string nkey;
  std::string account = "$G";
  std::optional<permission_rules> permissions; ///< absent: the block's default_permissions
  std::vector<std::string> allowed_connection_types;
  bool proxy_required = false;
  bool operator==(const user&) const = default;
};

} // namespace troupe::security
