// actors/callout_login.hpp: a login that an auth callout decides, asked away from the loop of its
// connection.
#pragma once

#include "actors/interfaces.hpp"
#include "security/callout.hpp"

#include <cstdint>
#include <string>

struct ssl_st;

namespace troupe::actors {

struct core;
struct settings;

/// What a connection hands over; copies, for another thread.
struct callout_login {
  security::callout_terms terms;
  security::authorization_request_claims facts; ///< of the client: client, connect and tls
  account_ptr account;                          ///< where the service listens
  settings_ptr by;
  reactor_actor publisher;
  uint64_t cid = 0;
  std::string address;
  security::connection_type type = security::connection_type::standard;
  std::string peer; ///< the prefix of log lines
};

/// What the callout is told of the broker that asks, and of a TLS connection.
security::server_identity server_facts(const settings& now);
security::client_tls_claim tls_facts(ssl_st* tls);

/// Asks once and sends `whom` a login_result when the service has decided: in an actor of its own,
/// which ends then, or with `whom`. It knows no time limit: `whom` gives up when it likes.
void ask_callout(core& shared, callout_login login, const connection_actor& whom);

} // namespace troupe::actors
