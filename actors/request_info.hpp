// actors/request_info.hpp: what the exporter of a service gets to know of who asks.
#pragma once

#include <string>
#include <string_view>

namespace troupe::actors {

inline constexpr std::string_view request_info_header = "Nats-Request-Info";

/// How much of a publisher may be told.
struct description_scope {
  bool detailed = false;         ///< user, name, address, client
  bool server = false;           ///< this server and its cluster
  std::string_view service = {}; ///< the account that a chain of imports has come through
};

/// Whoever publishes, as services may get to know it.
class publisher {
public:
  /// A JSON object.
  virtual std::string introduce(const description_scope& scope) const = 0;

protected:
  ~publisher() = default;
};

/// The header block `old` (may be empty) with `info` in it, in place of any that was there.
std::string with_request_info(std::string_view old, std::string_view info);

} // namespace troupe::actors
