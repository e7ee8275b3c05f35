// config/peer_url.hpp: where a peer server listens, as an operator writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// Of "nats-route://user:pass@host:port/path" the parts that a dialer needs.
struct peer_url {
  std::string scheme;         ///< lower case, "nats-route"; empty: only host:port was written
  std::string host;           ///< without the brackets of an IPv6 literal
  int port = 0;               ///< 0: none was written
  std::string user, password; ///< decoded; never printed
  std::string path;           ///< with its slash; empty: none
  bool operator==(const peer_url&) const = default;
};

struct parsed_peer_url {
  peer_url url;
  std::string error; ///< what is wrong, without the text itself, which may hold a password
};

/// Reads one URL. What is no scheme, "a:4222", is read as host and port.
parsed_peer_url parse_peer_url(std::string_view text);

/// ws:// or wss://
bool is_websocket(const peer_url& url) noexcept;

/// "scheme://host:port/path", or "host:port": never user or password.
std::string to_string(const peer_url& url);
std::string to_string(const std::vector<peer_url>& urls);

/// `text` with all between "//" (or its beginning) and "@" replaced, for messages about a URL that
/// cannot be read.
std::string without_user(std::string_view text);

} // namespace troupe::config
