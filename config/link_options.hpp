// config/link_options.hpp: what an operator may say about the links to other servers.
#pragma once

#include "config/peer_url.hpp"
#include "security/permissions.hpp"
#include "security/tls_settings.hpp"

#include <chrono>
#include <cstdint>
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
  // Taken, but declined when a peer proposes them: one route a peer, no compression.
  int64_t pool_size = 3;
  std::vector<std::string> accounts;
  std::string compression;

  bool enabled() const noexcept { return port != 0; }
};

} // namespace troupe::config
