// federation/terms.hpp: what all routes of one broker go by.
#pragma once

#include "federation/link_terms.hpp"
#include "protocol/link_info.hpp"
#include "security/permissions.hpp"

#include <cstdint>
#include <memory>
#include <string>

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
