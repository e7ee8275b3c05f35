// cli/login.hpp: INFO and CONNECT as a client tool reads and writes them.
#pragma once

#include "cli/connect_options.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::cli {

/// What a tool needs of a server's INFO (client-protocol.md section 2).
struct server_info {
  std::string id;
  std::string name;
  std::string version;
  std::string nonce; ///< to be signed by those who have a key; empty: none is wanted
  int64_t max_payload = 1024 * 1024;
  bool headers = false;
  bool auth_required = false;
  bool tls_required = false;
  bool tls_available = false;
};

/// False if `json` is no object of the right shape; fields it does not have keep their value.
bool read_info(std::string_view json, server_info& out);

/// The CONNECT line with its line end. `options` beat what `where` says about the user; headers are
/// wanted if the server has them.
std::string write_connect(const connect_options& options, const server_address& where,
                          const server_info& info);

/// A server's -ERR in words that help; `where` and `options` say how we tried.
problem explain_server_error(std::string_view text, const connect_options& options,
                             const server_address& where);

/// Nobody answered there.
problem explain_no_connection(const std::string& why, bool refused, const server_address& where);

} // namespace troupe::cli
