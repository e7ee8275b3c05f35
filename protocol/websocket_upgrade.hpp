// protocol/websocket_upgrade.hpp: reads the HTTP request that asks for a websocket, and its answer.
//
// Source: RFC 6455 section 4, RFC 9112; client-protocol.md section 18, leafnodes.md section 14.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::protocol {

/// Longest request or answer that is read, in bytes: browsers send cookies along.
constexpr size_t longest_http_head = 16 * 1024;

/// The bytes of a head that is there as a whole, its empty line among them; 0: not yet. `known`: so
/// many bytes of it have been looked at before; a head that comes byte by byte is read once.
size_t http_head_size(std::string_view in, size_t known = 0) noexcept;

/// Views point into what was read.
struct websocket_request {
  std::string_view path; ///< without a query
  std::string_view host;
  std::string_view key;           ///< 16 bytes in base64
  std::string_view origin;        ///< empty: none was sent
  std::string_view forwarded_for; ///< what a proxy, or anybody, says of who came; empty: nothing
  bool no_masking = false;        ///< the peer asks to leave its frames unmasked
  bool deflate = false; ///< it offers to compress, and leaves the details to us (RFC 7692)
  std::vector<std::string_view> cookies; ///< values of `Cookie`
};

/// The value of one cookie in `Cookie`'s values, without quotes around it; of several the last.
/// Empty: it is not there, or no value.
std::string_view find_cookie(const std::vector<std::string_view>& in, std::string_view name);

/// May an operator have this header sent with each answer? Empty, or why not.
std::string_view fault_of_answer_header(std::string_view name, std::string_view text);

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
  bool deflate = false;    ///< granted: messages of both ends may be compressed
};

/// What both ends say of compression: no message is compressed with the help of another.
constexpr std::string_view websocket_deflate =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
    "client_no_context_takeover\r\n";

/// `accept`: what the server has to answer to our key. `deflate`: we have said websocket_deflate.
websocket_answer parse_websocket_answer(std::string_view head, std::string_view accept,
                                        bool deflate = false);

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
