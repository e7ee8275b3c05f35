// actors/broker_services.hpp: what every account takes from the system account without asking for
// it.
#pragma once

#include "actors/crossing.hpp"

#include <vector>

namespace troupe::actors {

/// An account's way to the broker's own services (system-events.md section 6), each narrowed to
/// that account: its connections, its statistics, the user who asks. `nobody` as in the registry.
std::vector<service_import_ptr> broker_services(account& importer, const account_ptr& system,
                                                const destination_ptr& nobody);

/// What the system account offers without being told to.
std::vector<security::export_rule> broker_exports();

} // namespace troupe::actors
