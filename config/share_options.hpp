// config/share_options.hpp: what accounts offer each other and take.
#pragma once

#include "config/findings.hpp"
#include "config/registry.hpp"
#include "security/account_rules.hpp"

#include <vector>

namespace troupe::config {

/// An account while its file is read: where each export and import stands, for later complaints.
struct account_draft {
  security::account_rules rules;
  place where;
  std::vector<place> export_places, import_places; ///< as in `rules`
};

/// Append the entries of `exports` or `imports`; what is wrong with one alone is told here.
void read_exports(const member& one, account_draft& account, dialect from, findings& found);
void read_imports(const member& one, account_draft& account, dialect from, findings& found);

/// What is wrong among accounts: exports for unknown accounts, imports that nobody allows, cycles.
void check_sharing(const std::vector<account_draft>& all, findings& found);

} // namespace troupe::config
