// security/user_template.hpp: what the users of a Choria fleet may do, by their part in it.
#pragma once

#include "security/claims.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// The parts that choria-broker.md section 7.5 knows.
enum class fleet_part : uint8_t { server, client, adapter, provisioning_leaf, system };

inline constexpr fleet_part all_fleet_parts[] = {fleet_part::server, fleet_part::client,
                                                 fleet_part::adapter, fleet_part::provisioning_leaf,
                                                 fleet_part::system};

/// "server", "client", "adapter", "provisioning-leaf", "system".
std::string_view to_string(fleet_part part) noexcept;
std::optional<fleet_part> fleet_part_of(std::string_view name) noexcept;

struct template_values {
  std::vector<std::string> collectives{"mcollective"};
  std::string identity;                  ///< server: its host name; client: of older reply subjects
  std::string caller;                    ///< client: "choria=rip.mcollective"
  std::vector<std::string> registration; ///< server: where else it publishes its registration
  std::vector<std::string> input, output; ///< adapter: where it listens, where it publishes
  bool events = false;                    ///< client: may watch lifecycle events
};

/// Empty, or one sentence per value that is missing or no part of a subject.
std::vector<std::string> faults_of(fleet_part part, const template_values& values);

/// Of values without faults. Everything that is not named is denied.
permission_claims permissions_of(fleet_part part, const template_values& values);

} // namespace troupe::security
