// protocol/info.hpp: what the server says of itself in INFO.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::protocol {

/// Fields that are the same for every client of one listener (client-protocol.md section 2).
struct server_info {
  std::string server_id;
  std::string server_name;
  std::string version; ///< NATS release whose behaviour is implemented: clients compare it
  std::string troupe;  ///< our own version
  std::string git_commit;
  std::string runtime; ///< sent as "go", which some clients print
  std::string host;
  int port = 0;
  std::string cluster;
  std::vector<std::string> connect_urls;
  bool headers = true;
  bool auth_required = false;
  bool tls_required = false;
  bool tls_available = false;
  bool tls_verify = false;
  bool lame_duck = false;
  int64_t max_payload = 0;
  std::string xkey; ///< its public x25519 key, by which auth callouts seal answers
};

/// Fields of one client's INFO.
struct client_info {
  uint64_t client_id = 0;
  std::string_view client_ip;
  std::string_view nonce;
  bool after_connect = false; ///< the INFO behind the first PONG: says where the client landed
  std::string_view account;
  bool account_is_system = false;
};

/// The whole line, `INFO {…} \r\n`.
std::string info_line(const server_info& server, const client_info& client);

} // namespace troupe::protocol
