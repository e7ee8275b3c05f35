// config/account_options.hpp: the tenants that a file names, and their users.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"

namespace troupe::config {

/// Reads `accounts`: a list of names, or a map of names to account maps. Users become users of
/// `authorization` with their account's name, everything else becomes rules in `to.out.accounts`.
void read_accounts(const member& one, dialect from, reading& to);

/// Reads `mappings` of the top level: they are those of the global account.
void read_global_mappings(const member& one, dialect from, reading& to);

} // namespace troupe::config
