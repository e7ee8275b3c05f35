// cli/account_change.hpp: what a command line says about an account's JWT.
#pragma once

#include "cli/user_change.hpp"
#include "security/claims.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::cli {

struct account_change {
  std::string connections, leafnodes, subscriptions, payload, data, imports, exports;
  std::string expires;
  std::optional<bool> wildcard_exports, disallow_bearer;
  std::optional<std::string> description, info_url;
  std::vector<std::string> tags, remove_tags;
  permission_change default_permissions;
};

void add_account_flags(CLI::App& command, account_change& change);
/// One sentence per mistake is added to `problems`. `now`: Unix seconds.
void apply(const account_change& change, int64_t now, security::account_claims& to,
           std::vector<std::string>& problems);

/// What the system account offers to others: each account's own events and reports.
std::vector<security::export_claim> exports_of_system_account();

} // namespace troupe::cli
