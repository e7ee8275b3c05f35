// config/choria_links.hpp: what Choria's keys say about links to other brokers.
#pragma once

#include "config/choria_values.hpp"
#include "config/findings.hpp"

namespace troupe::config {

/// Does any key ask for a route, gateway or leaf node (choria-broker.md 3.4 to 3.6)? Such a broker
/// needs its own certificate even when its clients connect in the clear.
bool asks_for_links(const choria_values& values);

/// Reads them. `own` is the broker's TLS material; absent: the file has none, and links are in the
/// clear.
void read_choria_links(choria_values& values, const std::optional<security::tls_settings>& own,
                       const surroundings& around, reading& to);

} // namespace troupe::config
