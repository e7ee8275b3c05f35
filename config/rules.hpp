// config/rules.hpp: what options must keep among each other, whichever file they came from.
#pragma once

#include "config/findings.hpp"

#include <string>
#include <vector>

namespace troupe::config {

/// Appends one sentence per broken rule to `broken`, with the key as the operator typed it; where
/// nats-server has the same rule, with its words (server-config.md section 18).
void check_rules(const options& opts, const findings& found, std::vector<std::string>& broken);

/// Rules that nats-server's format does not have; Troupe's own formats keep them too.
void check_own_rules(const options& opts, const findings& found, std::vector<std::string>& broken);

} // namespace troupe::config
