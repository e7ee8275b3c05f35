// cli/account_share.hpp: what `account export`, `activate` and `import` have in common.
#pragma once

#include "cli/account_place.hpp"
#include "security/store_editor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::cli {

struct share_flags {
  account_place place;
  std::string account, subject, name;
  bool service = false, stream = false;
  bool allow_trace = false;
};

void add_share_flags(CLI::App& command, share_flags& flags, const char* whose, const char* what);

/// Nothing unless exactly one of --service and --stream was said.
std::optional<security::share_kind> kind_of(const share_flags& flags);
/// "service" or "stream".
std::string said(security::share_kind kind);

/// The export that covers the subject, of the kind if one was said; else null, and a problem that
/// says which there are. Points into `exporter`.
const security::export_claim* find_offer(const security::named_account& exporter,
                                         const share_flags& flags,
                                         std::vector<std::string>& problems);

} // namespace troupe::cli
