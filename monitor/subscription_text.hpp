// monitor/subscription_text.hpp: one subscription as /connz and /subsz show it.
#pragma once

#include "actors/snapshot.hpp"

#include <nlohmann/json_fwd.hpp>

namespace troupe::monitor {

enum class account_shown : bool { no, yes };

nlohmann::ordered_json subscription_json(const actors::subscription_snapshot& which,
                                         account_shown account);

} // namespace troupe::monitor
