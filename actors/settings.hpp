// actors/settings.hpp: what all actors of a running broker agree on, swapped as a whole by a
// reload.
#pragma once

#include "config/options.hpp"
#include "protocol/client_parser.hpp"
#include "protocol/info.hpp"
#include "security/authenticator.hpp"
#include "security/client_hosts.hpp"
#include "security/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::security {
struct server_keys;
}

namespace troupe::actors {

/// Immutable; every reactor holds the newest one.
struct settings {
  explicit settings(const config::options& from);
  /// A copy whose `info` may be changed.
  std::shared_ptr<settings> again() const;

  /// Accounts and users are those of JWTs; then `auth` has no say.
  bool operator_mode() const noexcept { return options.operators.enabled(); }
  // `websocket`: of those who come over one, whose block may have a login of its own.

  const security::authenticator& auth_of(bool websocket) const noexcept {
    return websocket && websocket_auth ? *websocket_auth : auth;
  }
  /// Whoever comes is in, without a CONNECT.
  bool open(bool websocket) const noexcept {
    return !operator_mode() && !callout() && auth_of(websocket).open();
  }
  /// Clients must send credentials.
  bool login_required(bool websocket) const noexcept {
    return operator_mode() || auth_of(websocket).required();
  }
  config::nanoseconds login_time(bool websocket) const noexcept {
    return websocket ? options.websocket.login.timeout.value_or(auth_timeout) : auth_timeout;
  }
  config::nanoseconds ping_interval(bool websocket) const noexcept {
    auto own = options.websocket.ping_interval;
    return websocket && own.count() > 0 ? own : options.timing.ping_interval;
  }
  bool needs_nonce() const noexcept { return operator_mode() || auth.needs_nonce(); }
  /// Null: the file asks for none.
  const security::callout_settings* callout() const noexcept {
    const auto& one = options.authorization.callout;
    return one ? &*one : nullptr;
  }

  config::options options;
  protocol::server_info info;
  protocol::server_info websocket_info; ///< the same, for those who come over a websocket
  protocol::parser_limits parsing;
  security::authenticator auth;
  std::optional<security::authenticator> websocket_auth; ///< absent: `auth`
  security::client_hosts hosts;
  security::tls_context_ptr tls; ///< null: plain
  config::nanoseconds auth_timeout;
  std::shared_ptr<const security::server_keys> keys; ///< of the whole life of the broker
};

using settings_ptr = std::shared_ptr<const settings>;

/// Either `ready` or at least one of `problems`, a sentence each.
struct settings_build {
  std::shared_ptr<settings> ready;
  std::vector<std::string> problems;
};

/// Reads the TLS files that the options name. `options` have passed the rules of config/.
settings_build make_settings(const config::options& options);

/// The accounts of a configuration: those it describes, and those that only its users name.
std::vector<security::account_rules> accounts_of(const config::options& options);

} // namespace troupe::actors
