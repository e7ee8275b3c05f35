// monitor/system_account.hpp: what a broker says and answers in its system account.
#pragma once

#include "actors/broker.hpp"

#include <memory>

namespace troupe::monitor {

/// For `broker::attach`: events and services of `whose` system account. Both must live as long as
/// the broker runs.
actors::broker::observer_maker system_account_of(const actors::broker& whose);

} // namespace troupe::monitor
