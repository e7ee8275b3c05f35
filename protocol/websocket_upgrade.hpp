// protocol/websocket_upgrade.hpp: reads the HTTP request that asks for a websocket, and its answer.
//
// Source: RFC 6455 section 4, RFC 9112; client-protocol.md section 18, leafnodes.md section 14.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::protocol {

/// Longest request or answer that is read, in bytes: browsers send cookies along.
constexpr size_t longest_http_head = 16 * 1024;

/// The bytes of a head that is there as a whole, its empty line among them; 0: not yet.
size_t http_head_size(std::string_view in) noexcept;

/// Views point into what was read.
struct websocket_request {
  std::string_view path; ///< without a query
  std::string_view host;
  std::string_view key;    ///< 16 bytes in base64
  std::string_view origin; ///< empty: none was sent
  bool no_masking = false; ///< the peer asks to leave its frames unmasked
};

/// `status` is HTTP's; `why` says what would have been right, without a word of the peer's.
struct http_refusal {
  int status = 400;
  std::string_view why;
};

/// `head`: everything up to and with the empty line.
std::variant<websocket_request, http_refusal> parse_websocket_request(std::string_view head);

/// What a server's answer comes to.
struct websocket_answer {
  std::string problem;     ///< empty: it is a websocket now
  bool no_masking = false; ///< granted
};

/// `accept`: what the server has to answer to our key.
websocket_answer parse_websocket_answer(std::string_view head, std::string_view accept);

/// "Bad Request"; of the few that are used.
std::string_view http_phrase(int status) noexcept;

/// Does `origin` ("https://host:8443") name that scheme, host and port? Without one it has the port
/// of its scheme. Nothing fits an origin that cannot be read.
struct web_origin {
  std::string scheme, host, port; ///< lower case
  bool operator==(const web_origin&) const = default;
};
/// Empty `scheme`: it is none.
web_origin parse_web_origin(std::string_view text);
/// Of the `Host` of a request: "host:port", or "host" with the port of the scheme.
web_origin origin_of_host(std::string_view host, bool tls);

} // namespace troupe::protocol
