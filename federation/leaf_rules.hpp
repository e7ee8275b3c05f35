// federation/leaf_rules.hpp: which subjects may pass over one leaf node's link, and which way.
//
// Source: leafnodes.md sections 12 and 16.
#pragma once

#include "protocol/link_info.hpp"
#include "security/permissions.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// Each way `may_publish()` answers for one subject. What does not pass is neither told as interest
/// nor taken as such.
struct leaf_rules {
  security::permissions_ptr sends; ///< to the peer; null: everything
  security::permissions_ptr takes; ///< from the peer; null: everything
};

/// Of the end that accepted: what the leaf's user may, less what the leaf does not want
/// (`deny_pub`). `system`: the account is the broker's own.
leaf_rules rules_for_leaf(const security::permissions_ptr& user,
                          const std::vector<std::string>& deny_pub, bool system);

/// Of the end that dialled: what the hub has said in INFO, less what the remote denies.
leaf_rules rules_for_hub(const protocol::link_info& hub,
                         const std::vector<std::string>& deny_imports,
                         const std::vector<std::string>& deny_exports, bool system);

/// May this message pass? Responses to requests of other accounts always do.
bool passes(const security::permissions_ptr& rules, std::string_view subject);

/// Is there a subject of this interest that may pass? Never false for what loops and gateways are
/// found by.
bool may_pass(const security::permissions_ptr& rules, std::string_view pattern);

/// Do links find loops, or answers from other clusters, by it?
bool is_of_links(std::string_view subject);

/// What INFO says of one half of a user's permissions; absent: everything.
std::optional<protocol::link_permissions> told_to_leaf(const security::subject_rules& rules);

} // namespace troupe::federation
