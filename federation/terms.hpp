// federation/terms.hpp: what all routes of one broker go by.
#pragma once

#include "federation/link_terms.hpp"
#include "protocol/link_info.hpp"
#include "security/permissions.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// Immutable; a reload, or another name of the cluster, makes new ones.
struct terms : link_terms {
  /// What this broker says of itself.
  protocol::link_info info;
  /// What accepted peers have to say; empty: anything. Also sent to peers that were learned of by
  /// gossip.
  std::string user, password;
  /// Which of our interest is announced (`publish`), and which of theirs is taken (`subscribe`);
  /// null: all of it.
  security::permissions_ptr permissions;
  /// Accounts with a route of their own to each member, sorted, the system account among them.
  /// `info.route_pool_size` says how many routes the others share; 0: there is one for everything.
  std::vector<std::string> pinned;

  bool pins(std::string_view account) const {
    return std::binary_search(pinned.begin(), pinned.end(), account);
  }
};
using terms_ptr = std::shared_ptr<const terms>;

/// Whom a link was dialled for.
struct dialled_remote {
  uint64_t number = 0;
  bool configured = false;
  std::string host; ///< what the peer's certificate has to name
  std::string user, password;
};

} // namespace troupe::federation
