// federation/terms.hpp: what all routes of one broker go by.
#pragma once

#include "protocol/client_parser.hpp"
#include "protocol/link_info.hpp"
#include "security/permissions.hpp"
#include "security/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace troupe::federation {

/// Immutable; a reload, or another name of the cluster, makes new ones.
struct terms {
  /// What this broker says of itself.
  protocol::link_info info;
  /// What accepted peers have to say; empty: anything. Also sent to peers that were learned of by
  /// gossip.
  std::string user, password;
  /// Which of our interest is announced (`publish`), and which of theirs is taken (`subscribe`);
  /// null: all of it.
  security::permissions_ptr permissions;
  security::tls_context_ptr tls_accepting, tls_dialling; ///< null: plain
  std::chrono::nanoseconds tls_timeout{0};
  std::chrono::nanoseconds auth_timeout{0};
  std::chrono::nanoseconds ping_interval{0};
  std::chrono::nanoseconds write_deadline{0};
  int64_t ping_max = 2;
  int64_t max_pending = 0;
  protocol::parser_limits parsing;
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
