// monitor/system_account.hpp: what a broker says and answers in its system account, and what it
// puts on record.
#pragma once

#include "actors/broker.hpp"
#include "monitor/audit_log.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe::monitor {

struct system_surroundings {
  /// Reads the configuration again, as SIGHUP does; called on a thread of the services, may wait.
  /// Answers why nothing has changed; empty: done.
  std::function<std::string()> reload;
  /// Opened and reopened by whoever owns it; without a file nothing is on record.
  audit_log& audit;
};

/// For `broker::attach`: events and services of `whose` system account. All three must live as long
/// as the broker runs.
actors::broker::observer_maker system_account_of(actors::broker& whose, system_surroundings around);

} // namespace troupe::monitor
