// cli/user_change.hpp: what a command line says about a user's JWT.
#pragma once

#include "security/claims.hpp"
#include "security/user_template.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::cli {

/// Lists of subjects, as nsc names the flags. Also the default permissions of an account.
struct permission_change {
  std::vector<std::string> allow_pub, deny_pub, allow_sub, deny_sub, allow_pubsub, deny_pubsub;
  std::vector<std::string> remove;
  std::string responses; ///< "", "none", "N" or "N,DURATION"

  bool is_empty() const noexcept;
};

void add_permission_flags(CLI::App& command, permission_change& change);
/// One sentence per mistake is added to `problems`.
void apply(const permission_change& change, security::permission_claims& to,
           std::vector<std::string>& problems);

struct user_change {
  permission_change permissions;
  std::string part; ///< a fleet_part
  security::template_values values;
  std::vector<std::string> sources, times, types, tags, remove_tags;
  std::string time_zone, expires;
  std::string subscriptions, data, payload;
  std::optional<bool> bearer, proxy_required;

  /// Nothing that a user of a scoped key may not have.
  bool is_scoped_safe() const noexcept;
};

void add_user_flags(CLI::App& command, user_change& change);
/// `now`: Unix seconds. The user's name is the default of template values.
void apply(const user_change& change, int64_t now, security::user_claims& to,
           std::vector<std::string>& problems);

/// Limits as typed: a size, "-1" or "unlimited"; empty changes nothing.
void apply_limit(const std::string& text, const char* flag, int64_t& to,
                 std::vector<std::string>& problems);
void apply_tags(const std::vector<std::string>& add, const std::vector<std::string>& remove,
                std::vector<std::string>& to);
void apply_expiry(const std::string& text, int64_t now, int64_t& to,
                  std::vector<std::string>& problems);

} // namespace troupe::cli
