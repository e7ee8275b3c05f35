// protocol/errc.hpp: every way a connection can end or be told off, with the words for the wire.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// Codes are appended, never renumbered. Texts of client-protocol.md section 12.
enum class errc : uint8_t {
  none = 0,
  unknown_operation,
  control_line_too_long,
  payload_too_large,
  malformed_arguments,
  malformed_connect,
  invalid_subject,
  invalid_publish_subject,
  authorization_violation,
  authentication_timeout,
  connections_exceeded,
  subscriptions_exceeded,
  invalid_client_protocol,
  no_responders_needs_headers,
  stale_connection,
  tls_required,
  connection_throttled,
  account_connections_exceeded,
  user_expired,
  user_revoked,
  account_expired,
  wrong_direction, ///< of a gateway: interest or messages where the other side sends them
};

struct errc_text {
  std::string_view wire; ///< sent verbatim: -ERR '<wire>'; empty: nothing is sent
  bool closes;           ///< does the connection end after it?
};

constexpr errc_text describe(errc code) {
  switch (code) { // no default: -Werror=switch finds the code somebody forgot
  case errc::none: return {"", false};
  case errc::unknown_operation: return {"Unknown Protocol Operation", true};
  case errc::control_line_too_long: return {"maximum control line exceeded", true};
  case errc::payload_too_large: return {"Maximum Payload Violation", true};
  case errc::malformed_arguments: return {"", true};
  case errc::malformed_connect: return {"", true};
  case errc::invalid_subject: return {"Invalid Subject", false};
  case errc::invalid_publish_subject: return {"Invalid Publish Subject", false};
  case errc::authorization_violation: return {"Authorization Violation", true};
  case errc::authentication_timeout: return {"Authentication Timeout", true};
  case errc::connections_exceeded: return {"maximum connections exceeded", true};
  case errc::subscriptions_exceeded: return {"maximum subscriptions exceeded", false};
  case errc::invalid_client_protocol: return {"invalid client protocol", true};
  case errc::no_responders_needs_headers: return {"no responders requires headers support", true};
  case errc::stale_connection: return {"Stale Connection", true};
  case errc::tls_required: return {"Secure Connection - TLS Required", true};
  case errc::connection_throttled:
    return {"Connection throttling is active. Please try again later.", true};
  case errc::account_connections_exceeded:
    return {"maximum account active connections exceeded", true};
  case errc::user_expired: return {"User Authentication Expired", true};
  case errc::user_revoked: return {"User Authentication Revoked", true};
  case errc::account_expired: return {"Account Authentication Expired", true};
  case errc::wrong_direction: return {"", true};
  }
  return {"", true};
}

} // namespace troupe::protocol
