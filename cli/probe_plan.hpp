// cli/probe_plan.hpp: what to publish to find out whether accounts are isolated, and what may
// arrive.
#pragma once

#include "security/claims.hpp"
#include "security/sharing.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::cli {

/// One message that is going to be published in one of two accounts.
struct probe {
  bool from_first = true;
  std::string subject;               ///< literal
  std::string why;                   ///< what it tries
  std::vector<std::string> expected; ///< subjects under which the other account must get it
  std::string id;                    ///< its payload
};

/// A declared way between the two.
struct crossing {
  bool from_first = true;
  security::share_kind kind = security::share_kind::stream;
  std::string subject; ///< pattern where it is published
  std::string arrives; ///< pattern where it arrives
};

struct probe_plan {
  std::vector<crossing> declared;
  std::vector<probe> probes;
  std::vector<std::string> not_tried; ///< literal subjects, which others may act upon
};

/// `accounts`: all of the store, for ways that lead over third ones; `first`, `second`: public
/// keys. `touch_literals`: publish also on declared subjects without wildcards.
/// `random`: tokens that nobody else uses.
probe_plan plan_probes(const std::vector<security::account_claims>& accounts,
                       const security::sharing& shared, const std::string& first,
                       const std::string& second, bool touch_literals,
                       const std::function<std::string()>& random);

} // namespace troupe::cli
