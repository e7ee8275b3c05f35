// security/permission_explanation.hpp: why a user may, or may not, publish or subscribe somewhere.
#pragma once

#include "security/permissions.hpp"

#include <string>
#include <string_view>

namespace troupe::security {

/// The verdict is always the one of `permissions`, found another way: entry by entry, as a person
/// reads the lists.
struct permission_explanation {
  bool allowed = false;
  bool filtered = false; ///< a subscription that does not get all it asks for
  std::string rule;      ///< the entry that decides, or what is missing
};

/// `subject` must be literal.
permission_explanation explain_publish(const permission_rules& rules, std::string_view subject);
/// `queue` empty: a plain subscription.
permission_explanation explain_subscribe(const permission_rules& rules, std::string_view subject,
                                         std::string_view queue);

} // namespace troupe::security
