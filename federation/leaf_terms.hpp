// federation/leaf_terms.hpp: what the two ends of a leaf node's link go by.
#pragma once

#include "actors/account.hpp"
#include "actors/settings.hpp"
#include "federation/link_terms.hpp"
#include "protocol/close_reason.hpp"
#include "protocol/link_info.hpp"
#include "security/authenticator.hpp"
#include "security/key_pair.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::federation {

/// Of all leaf nodes' links of one broker. With `tls.accepting` TLS comes before INFO, else behind
/// it if `tls_behind_info` is set. Immutable; a reload makes new ones.
struct leaf_terms : link_terms {
  actors::settings_ptr settings; ///< whose users may be leaf nodes
  /// What this broker says of itself to leaf nodes; `cluster` empty: it is in none.
  protocol::link_info info;
  /// Its cluster's name, or else its own, by which hubs know its links as those of one site.
  std::string own_cluster;
  std::string min_version;       ///< of leaf nodes; empty: any
  bool isolate = false;          ///< leaf nodes hear nothing of each other
  int64_t max_subscriptions = 0; ///< of one link; 0: no limit
  /// Who may be a leaf node instead of the users of clients; null: those.
  std::shared_ptr<const security::authenticator> users;
  security::tls_context_ptr tls_behind_info;
  bool map_certificates = false; ///< the user is taken from the certificate
  std::string open_account;      ///< of leaf nodes that need no login; empty: $G
};
using leaf_terms_ptr = std::shared_ptr<const leaf_terms>; // also in messages.hpp

/// What a hub is told of who we are. Secrets: they reach CONNECT and nothing else.
struct leaf_identity {
  std::string user, password;
  std::string jwt;
  std::optional<security::key_pair> key; ///< signs the hub's nonce
};

/// One hub that the configuration names, as a link to it goes by. Immutable.
struct hub_terms {
  std::string account; ///< the local one
  leaf_identity identity;
  bool hub = false; ///< we are the hub, although we dial
  std::vector<std::string> deny_imports, deny_exports;
  bool isolate = false;           ///< tell this hub nothing of our other leaf nodes
  bool request_isolation = false; ///< ask it not to tell us of its
  security::tls_context_ptr tls;  ///< for when TLS is spoken
  bool demands_tls = false;       ///< also if the hub does not ask for it
  bool tls_first = false;         ///< before INFO
  bool websocket = false;  ///< all its addresses are reached over websockets, TLS before those
  bool no_masking = false; ///< then the hub is asked to take unmasked frames
  bool deflate = false;    ///< and to let messages be compressed
  std::chrono::nanoseconds tls_timeout{0};
  std::chrono::nanoseconds first_info_timeout{0};
};
using hub_terms_ptr = std::shared_ptr<const hub_terms>;

/// Which of a hub's addresses a link was dialled at.
struct dialled_hub {
  uint64_t number = 0; ///< of the remote
  hub_terms_ptr terms;
  std::string host;           ///< what the hub's certificate has to name
  std::string user, password; ///< of its URL, if it has any
};

/// Of the user that a leaf node came as; negative: none.
struct leaf_limits {
  int64_t subscriptions = -1;
  int64_t payload = -1; ///< bytes of one message
};

/// Whom a link leads to, before it may take part.
struct leaf_introduction {
  uint64_t lid = 0;
  bool solicited = false;
  bool hub_side = true; ///< we are the hub of it
  actors::account_ptr account;
  std::string name, cluster, server_id;
  std::string remote_account; ///< what the peer calls the account, if it says so
  bool is_troupe = false;     ///< the hub is one like us, and judges as we do
};

/// What the broker thinks of it.
struct leaf_admission {
  bool admitted = false;
  protocol::close_reason reason = protocol::close_reason::none;
  std::string error;        ///< sent as -ERR before the end
  std::string because;      ///< for the log
  std::string loop_subject; ///< of the account, on all its links: `$LDS.…`
};

} // namespace troupe::federation
