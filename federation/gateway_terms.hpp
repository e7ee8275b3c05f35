// federation/gateway_terms.hpp: what the links between this cluster and others go by.
//
// Source: gateways.md.
#pragma once

#include "federation/link_terms.hpp"
#include "protocol/close_reason.hpp"
#include "protocol/link_info.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::federation {

/// Of all gateway links of one broker. Immutable; a reload, or another member of the cluster, makes
/// new ones.
struct gateway_terms : link_terms {
  /// What this broker says of itself; `gateway` is the name of its cluster, `gateway_urls` are
  /// those of all its members.
  protocol::link_info info;
  /// What accepted peers have to say; empty: anything. Also sent to remotes whose URL names no
  /// user.
  std::string user, password;
};
using gateway_terms_ptr = std::shared_ptr<const gateway_terms>; // also in messages.hpp

/// Whom a link was dialled for, and at which of its addresses.
struct dialled_gateway {
  uint64_t number = 0; ///< of the remote
  std::string name;    ///< of the cluster that is wanted
  std::string host;    ///< what the peer's certificate has to name
  std::string user, password;
  security::tls_context_ptr tls; ///< null: in the clear
  std::chrono::nanoseconds tls_timeout{0};
};

/// What a link has learned of its peer before it may take part.
struct gateway_introduction {
  uint64_t gid = 0;
  bool solicited = false;
  protocol::link_info info;
  std::string user, password; ///< as an accepted peer sent them
};

/// What the broker thinks of it.
struct gateway_admission {
  bool admitted = false;
  protocol::close_reason reason = protocol::close_reason::none;
  std::string error;       ///< sent as -ERR before the end; empty: nothing is said
  std::string because;     ///< for the log
  bool configured = false; ///< the peer's cluster stands in our configuration
  /// INFO lines about other clusters, for an accepted peer.
  std::vector<std::string> gossip;
};

/// Where the members of a cluster are reached, by a later INFO.
struct gateway_news {
  uint64_t gid = 0;    ///< the link's; 0: a member of our own cluster has said it
  bool gossip = false; ///< of a third cluster; else of the peer's own, and the whole list
  std::string name;
  std::vector<std::string> urls; ///< "host:port"
};

/// What an INFO behind the first one is about (`gateway_cmd`); none: the peer's own cluster.
enum class gateway_command : int64_t { none, gossip, interest_begins, interest_ends };

/// INFO about a third cluster.
std::string gossip_line(const std::string& server_id, const std::string& cluster,
                        const std::vector<std::string>& urls);
/// Of the payload of such a command: the account's name. Empty: it is no base64.
std::string account_in(const std::string& payload);
/// INFO before and behind all interest in an account.
std::string command_line(gateway_command what, const std::string& own_cluster,
                         const std::string& account);

} // namespace troupe::federation
