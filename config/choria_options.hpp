// config/choria_options.hpp: what Choria's keys mean for our options.
#pragma once

#include "config/choria_format.hpp"
#include "config/surroundings.hpp"

namespace troupe::config {

/// Reads the main file's text, the `.cfg` files of plugin.d next to it and the variables of the
/// environment that beat both (choria-broker.md 2.5, 2.6), in that order.
std::vector<choria_setting> gather_choria(std::string_view text, const std::string& file,
                                          const surroundings& around, findings& found);

/// Puts the settings into `to` (choria-broker.md 3.1 to 3.3); everything else that is known is
/// noted as inactive. A key's last setting counts. Client connections must show a certificate that
/// chains to the CA; that stays so while tokens, which may replace it, are not active.
void read_choria_options(const std::vector<choria_setting>& settings, const std::string& file,
                         const surroundings& around, reading& to);

} // namespace troupe::config
