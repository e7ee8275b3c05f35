// cli/session.hpp: opens one connection, up to the first PONG.
#pragma once

#include "cli/login.hpp"
#include "cli/stream.hpp"
#include "cli/tls_context.hpp"

#include <string>

namespace troupe::cli {

/// A logged-in connection.
struct session {
  stream link;
  server_info info;
  server_address where;
  std::string unread; ///< bytes that came after the PONG
};

/// Connects, upgrades to TLS if either side wants it, sends CONNECT and PING, waits for PONG: all
/// within `options.timeout`, or until `stop_fd` is readable. `tls` is made when first needed.
outcome open_session(const connect_options& options, const server_address& where, tls_context& tls,
                     session& out, int stop_fd = -1);

/// Tries every server of `options.servers` once; the last problem is returned if all fail.
outcome open_any_session(const connect_options& options, tls_context& tls, session& out,
                         int stop_fd = -1);

/// Writes all of `bytes` before the deadline.
outcome write_all(stream& link, std::string_view bytes, steady_time deadline,
                  const server_address& where, int stop_fd = -1);

} // namespace troupe::cli
