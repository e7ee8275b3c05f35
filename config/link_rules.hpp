// config/link_rules.hpp: what the options of links must keep; a part of config/rules.hpp.
#pragma once

#include "config/findings.hpp"

#include <string>
#include <vector>

namespace troupe::config {

/// As check_rules() and check_own_rules(), for cluster, gateway and leafnodes.
void check_link_rules(const options& opts, const findings& found, std::vector<std::string>& broken);
void check_own_link_rules(const options& opts, const findings& found,
                          std::vector<std::string>& broken);
/// Rules that only nats-server has, for files in its format.
void check_nats_link_rules(const options& opts, const findings& found,
                           std::vector<std::string>& broken);

} // namespace troupe::config
