// federation/link_terms.hpp: what a link of any kind goes by, and the certificates it shows.
#pragma once

#include "config/options.hpp"
#include "protocol/client_parser.hpp"
#include "security/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// Null: plain.
struct link_certificates {
  security::tls_context_ptr accepting, dialling;
};

/// Both directions use one certificate, and each checks the other's. `from` empty: nothing is read.
/// `where` ("cluster.tls") begins what is answered if something is wrong.
std::vector<std::string> read_certificates(const std::optional<security::tls_settings>& from,
                                           std::string_view where, link_certificates& out);

/// Immutable; a reload makes new ones.
struct link_terms {
  link_certificates tls;
  std::chrono::nanoseconds tls_timeout{0};
  /// Accepting: for so long a peer may begin with TLS, then it is talked to in the clear. 0: it is
  /// known who begins.
  std::chrono::nanoseconds hello_wait{0};
  std::chrono::nanoseconds auth_timeout{0};
  std::chrono::nanoseconds ping_interval{0};
  std::chrono::nanoseconds write_deadline{0};
  bool close_when_behind = false; ///< `write_timeout: close`: all must be taken within it
  int64_t ping_max = 2;
  int64_t max_pending = 0;
  protocol::parser_limits parsing;
};
using link_terms_ptr = std::shared_ptr<const link_terms>;

/// What a peer has to say; nobody is asked if both are empty. `password`: plain or bcrypt, so not
/// to be called on a reactor.
bool is_login(const std::string& user, const std::string& password, const std::string& said_user,
              const std::string& said_password);

/// Limits and times that all kinds of links take from the general options, and the time limits of
/// this kind's own `tls` and `authorization`. The rest of `out` is left alone.
void take_general(const config::options& general, const std::optional<security::tls_settings>& tls,
                  const config::peer_authorization& authorization, link_terms& out);

} // namespace troupe::federation
