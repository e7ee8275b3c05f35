// federation/proxy_way.hpp: what an HTTP proxy is asked, so that it leads on to another server.
#pragma once

#include "config/link_options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::federation {

/// One proxy, which speaks in the clear. Source: RFC 9110 section 9.3.6 (CONNECT).
struct proxy_way {
  std::string host;
  uint16_t port = 80;
  std::string login; ///< "user:password"; secret; empty: none

  bool operator==(const proxy_way&) const = default;
};

/// `problem` is empty, or why the proxy cannot be used, without what may hold a password.
proxy_way read_proxy(const config::leaf_proxy& from, std::string& problem);

/// The request for a connection to `place`, "hub.example:7422". Holds the login.
std::string connect_request(const proxy_way& through, std::string_view place);

/// Reads the answer piece by piece. What comes behind it belongs to the server that was reached,
/// and is left to whoever reads from it.
class proxy_answer {
public:
  enum class verdict : uint8_t { unfinished, open, refused };

  /// `in`: what the proxy has said next. Takes `used` bytes of it.
  verdict read(std::string_view in, size_t& used);
  /// Why it was refused: the proxy's own words, if they are any.
  const std::string& problem() const noexcept { return problem_; }
  /// The same, fit for the log: of a proxy that quotes what it was told only the status is left.
  std::string problem_without(const std::string& login) const;

private:
  std::string head_;
  std::string problem_;
};

} // namespace troupe::federation
