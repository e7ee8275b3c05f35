// protocol/close_reason.hpp: why a connection ended, in the words of monitoring and events.
#pragma once

#include "protocol/errc.hpp"

#include <cstdint>
#include <string_view>

namespace troupe::protocol {

/// The texts are those of `/connz?state=closed` and of the DISCONNECT event (monitoring.md 5).
enum class close_reason : uint8_t {
  none,
  client_closed,
  authentication_timeout,
  authentication_violation,
  tls_handshake_error,
  slow_consumer_pending_bytes,
  slow_consumer_write_deadline,
  write_error,
  read_error,
  parse_error,
  stale_connection,
  protocol_violation,
  bad_client_protocol_version,
  max_connections_exceeded,
  max_payload_exceeded,
  max_control_line_exceeded,
  max_subscriptions_exceeded,
  server_shutdown,
  no_responders_needs_headers,
  credentials_revoked,
  internal_error,
  max_account_connections_exceeded,
  authentication_expired,
  kicked,
  wrong_port,
  cluster_name_conflict,
  duplicate_server_name,
  duplicate_route,
  route_to_self,
  route_removed,
};

constexpr std::string_view to_string(close_reason reason) {
  switch (reason) {
  case close_reason::none: return "Unknown State";
  case close_reason::client_closed: return "Client Closed";
  case close_reason::authentication_timeout: return "Authentication Timeout";
  case close_reason::authentication_violation: return "Authentication Failure";
  case close_reason::tls_handshake_error: return "TLS Handshake Failure";
  case close_reason::slow_consumer_pending_bytes: return "Slow Consumer (Pending Bytes)";
  case close_reason::slow_consumer_write_deadline: return "Slow Consumer (Write Deadline)";
  case close_reason::write_error: return "Write Error";
  case close_reason::read_error: return "Read Error";
  case close_reason::parse_error: return "Parse Error";
  case close_reason::stale_connection: return "Stale Connection";
  case close_reason::protocol_violation: return "Protocol Violation";
  case close_reason::bad_client_protocol_version: return "Bad Client Protocol Version";
  case close_reason::max_connections_exceeded: return "Maximum Connections Exceeded";
  case close_reason::max_payload_exceeded: return "Maximum Message Payload Exceeded";
  case close_reason::max_control_line_exceeded: return "Maximum Control Line Exceeded";
  case close_reason::max_subscriptions_exceeded: return "Maximum Subscriptions Exceeded";
  case close_reason::server_shutdown: return "Server Shutdown";
  case close_reason::no_responders_needs_headers: return "No Responders Requires Headers";
  case close_reason::credentials_revoked: return "Credentials Revoked";
  case close_reason::internal_error: return "Internal Error";
  case close_reason::max_account_connections_exceeded:
    return "Maximum Account Connections Exceeded";
  case close_reason::authentication_expired: return "Authentication Expired";
  case close_reason::kicked: return "Kicked";
  case close_reason::wrong_port: return "Incorrect Port";
  case close_reason::cluster_name_conflict: return "Cluster Name Conflict";
  case close_reason::duplicate_server_name: return "Duplicate Server Name";
  case close_reason::duplicate_route:
  case close_reason::route_to_self: return "Duplicate Route";
  case close_reason::route_removed: return "Route Removed";
  }
  return "Unknown State";
}

/// The reason that monitoring shows when `code` ended a connection.
constexpr close_reason reason_of(errc code) {
  switch (code) {
  case errc::control_line_too_long: return close_reason::max_control_line_exceeded;
  case errc::payload_too_large: return close_reason::max_payload_exceeded;
  case errc::authorization_violation: return close_reason::authentication_violation;
  case errc::authentication_timeout: return close_reason::authentication_timeout;
  case errc::connections_exceeded: return close_reason::max_connections_exceeded;
  case errc::subscriptions_exceeded: return close_reason::max_subscriptions_exceeded;
  case errc::invalid_client_protocol: return close_reason::bad_client_protocol_version;
  case errc::no_responders_needs_headers: return close_reason::no_responders_needs_headers;
  case errc::stale_connection: return close_reason::stale_connection;
  case errc::tls_required: return close_reason::tls_handshake_error;
  case errc::connection_throttled: return close_reason::tls_handshake_error;
  case errc::account_connections_exceeded: return close_reason::max_account_connections_exceeded;
  case errc::user_expired:
  case errc::account_expired: return close_reason::authentication_expired;
  case errc::user_revoked: return close_reason::credentials_revoked;
  case errc::none:
  case errc::unknown_operation:
  case errc::malformed_arguments:
  case errc::malformed_connect:
  case errc::wrong_direction:
  case errc::invalid_subject:
  case errc::invalid_publish_subject: return close_reason::protocol_violation;
  }
  return close_reason::protocol_violation;
}

} // namespace troupe::protocol
