// config/mapping_options.hpp: subjects that are renamed before they are looked up.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"
#include "security/account_rules.hpp"

namespace troupe::config {

/// Reads `mappings`: a map from source to a destination, a map with a weight, or a list of these.
void read_mappings(const member& one, security::account_rules& account, dialect from,
                   findings& found);

/// "50%" or 50; nothing, after an error that names `what`, if it is no share of `lowest` to 100.
std::optional<int> read_percent(const member& one, int lowest, std::string_view what,
                                findings& found);

} // namespace troupe::config
