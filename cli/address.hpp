// cli/address.hpp: where a server is and who we are there, as a URL says it.
#pragma once

#include "cli/problem.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

struct server_address {
  bool tls = false;
  std::string host;
  uint16_t port = 4222;
  std::string user;     ///< empty: the URL names nobody
  std::string password; ///< with `user`
  std::string token;    ///< `nats://TOKEN@host`

  /// "nats://host:port", never with a secret.
  std::string show() const;
};

/// Reads a comma-separated list of `nats://[user:pass@|token@]host[:port]`, `tls://…` or plain
/// `host[:port]`; percent-escapes in user, password and token are decoded.
outcome parse_servers(std::string_view text, std::vector<server_address>& out);

} // namespace troupe::cli
