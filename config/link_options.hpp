// config/link_options.hpp: what an operator may say about the links to other servers.
#pragma once

#include "config/peer_url.hpp"
#include "security/permissions.hpp"
#include "security/tls_settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::config {

/// The one user that peers log in as.
struct peer_authorization {
  std::string user;     ///< empty: nobody is asked
  std::string password; ///< plain or bcrypt; plain if we dial, for it is what we send as well
  std::optional<std::chrono::nanoseconds> timeout; ///< absent: 2 s, with TLS its timeout + 1 s
};

/// Routes: the full mesh of one cluster (routes.md section 17). The cluster's name is
/// `options::cluster_name`, since it is told to clients even without routes.
struct cluster_options {
  std::string host = "0.0.0.0";
  int port = 0;              ///< 0: no listener, hence no routes; -1: any free port
  std::string advertise;     ///< host[:port] that peers are told to dial
  bool no_advertise = false; ///< do not tell clients of the other members
  std::vector<peer_url> routes;
  peer_authorization authorization;           ///< also sent to members that were learned by gossip
  security::subject_rules import_;            ///< which of our interest we announce
  security::subject_rules export_;            ///< which of the peers' interest we take
  std::optional<security::tls_settings> tls;  ///< `verify` is always true
  int64_t connect_retries = 0;                ///< of members learned by gossip
  bool connect_backoff = false;               ///< double the wait, up to 30 s
  std::chrono::nanoseconds ping_interval{0};  ///< 0: that of clients, at most 30 s
  int64_t ping_max = 0;                       ///< 0: that of clients
  std::chrono::nanoseconds write_deadline{0}; ///< 0: that of clients
  std::string write_timeout;                  ///< default, close or retry; empty: default
  // Routes to each member (0: 3; below: a single one), and accounts with one of their own.
  int64_t pool_size = 3;
  std::vector<std::string> accounts;
  std::string compression; ///< taken, but declined when a peer proposes it

  bool enabled() const noexcept { return port != 0; }
};

/// One other cluster of a super cluster.
struct remote_gateway {
  std::string name;
  std::vector<peer_url> urls;
  std::optional<security::tls_settings> tls; ///< absent: that of the listener
  bool plain = false;                        ///< in the clear, although the listener has TLS
  bool operator==(const remote_gateway&) const = default;
};

/// Gateways: the links between clusters (gateways.md section 15).
struct gateway_options {
  std::string name; ///< of our own cluster
  std::string host = "0.0.0.0";
  int port = 0; ///< 0: no gateways; -1: any free port
  std::string advertise;
  peer_authorization authorization;
  std::optional<security::tls_settings> tls; ///< `verify` is always true
  int64_t connect_retries = 0;               ///< of clusters learned by gossip
  bool connect_backoff = false;              ///< double the wait, up to 30 s
  bool reject_unknown = false;               ///< only clusters of `remotes` may connect
  /// Those with our own name among them, which nobody dials: so all clusters can share one file.
  std::vector<remote_gateway> remotes;
  std::chrono::nanoseconds write_deadline{0}; ///< 0: that of clients
  std::string write_timeout;                  ///< default, close or retry; empty: default

  bool enabled() const noexcept { return port != 0; }
};

/// A leaf node's login at its hub, apart from the users of clients.
struct leaf_user {
  std::string name;
  std::string password; ///< plain or bcrypt
  std::string account;  ///< empty: $G
  bool operator==(const leaf_user&) const = default;
};

/// The way of a leaf node through an HTTP proxy.
struct leaf_proxy {
  std::string url;
  std::string user, password;
  std::chrono::nanoseconds timeout{0};
  bool operator==(const leaf_proxy&) const = default;
};

/// One hub that this broker is a leaf node of.
struct leaf_remote {
  std::vector<peer_url> urls; ///< of one hub cluster
  std::string account;        ///< the local one that the link is bound to; empty: $G
  std::string credentials;    ///< path of a .creds file
  std::string nkey;           ///< seed of a user; secret
  std::optional<security::tls_settings> tls;
  bool hub = false; ///< we are the hub, although we dial
  std::vector<std::string> deny_imports, deny_exports;
  bool no_randomize = false;
  bool ws_compression = false, ws_no_masking = false;
  std::string compression; ///< taken, but declined when a peer proposes it
  std::chrono::nanoseconds first_info_timeout = std::chrono::seconds{1};
  std::chrono::nanoseconds dial_timeout{0}; ///< 0: that of the block
  bool disabled = false;
  bool isolate = false;           ///< tell this hub nothing of our other leaf nodes
  bool request_isolation = false; ///< ask it not to tell us of its
  bool ignore_discovered_servers = false;
  leaf_proxy proxy;
  bool operator==(const leaf_remote&) const = default;
};

/// Who comes over a websocket logs in by what is set here, if anything is, instead of what all
/// clients log in by; the users of the `authorization` block and of accounts are the same.
struct websocket_login {
  std::string user; ///< one for all, with `password`; not beside other users
  std::string password, token;
  std::string no_auth_user;                        ///< also of leaf nodes over websockets
  std::optional<std::chrono::nanoseconds> timeout; ///< absent: that of clients

  bool differs() const noexcept { return !user.empty() || !token.empty() || !no_auth_user.empty(); }
};

/// Names of cookies of the upgrade that hold what CONNECT does not say; empty: none does.
struct websocket_cookies {
  std::string jwt, user, password, token;

  bool any() const noexcept {
    return !jwt.empty() || !user.empty() || !password.empty() || !token.empty();
  }
};

/// Where clients and leaf nodes connect over websockets (client-protocol.md section 18).
struct websocket_options {
  std::string host = "0.0.0.0";
  int port = 0;          ///< 0: no listener; -1: any free port
  std::string advertise; ///< host[:port] that clients and leaf nodes are told
  bool no_tls = false;   ///< in the clear, since nothing else was meant
  std::optional<security::tls_settings> tls;
  bool same_origin = false; ///< pages of this very host only
  std::vector<std::string>
      allowed_origins; ///< pages of these only, "https://host:port"; empty: all
  /// Of TLS and upgrade together.
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds{2};
  bool compression = false; ///< of messages, for whoever asks for it
  websocket_login login;
  websocket_cookies cookies;
  std::map<std::string, std::string> headers; ///< of the answer to each upgrade
  std::chrono::nanoseconds ping_interval{0};  ///< 0: that of clients

  bool enabled() const noexcept { return port != 0; }
};

/// Leaf nodes, both ends (leafnodes.md section 18).
struct leafnode_options {
  std::string host = "0.0.0.0";
  int port = 0; ///< 0: nobody may be our leaf node; -1: any free port
  std::string advertise;
  bool no_advertise = false;
  peer_authorization authorization; ///< of everybody, into `account`
  std::string nkey;                 ///< the same, by a public user nkey
  std::string account;              ///< empty: $G
  std::vector<leaf_user> users;
  std::optional<security::tls_settings> tls;
  std::chrono::nanoseconds reconnect = std::chrono::seconds{1};
  std::chrono::nanoseconds dial_timeout = std::chrono::seconds{1};
  std::string min_version;                    ///< of leaf nodes; empty: any
  std::string compression;                    ///< taken, but declined when a peer proposes it
  bool isolate = false;                       ///< leaf nodes hear nothing of each other
  std::chrono::nanoseconds write_deadline{0}; ///< 0: that of clients
  std::string write_timeout;                  ///< default, close or retry; empty: default
  std::vector<leaf_remote> remotes;
  /// Choria: the account of every client that need not log in, so that all who connect to a leaf
  /// broker land where its link leads; empty: $G.
  std::string client_account;

  bool enabled() const noexcept { return port != 0 || !remotes.empty(); }
};

} // namespace troupe::config
