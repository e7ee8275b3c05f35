// config/address.hpp: host and port in one text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

struct host_and_port {
  std::string host; ///< without the brackets of an IPv6 literal; may be empty
  int port = 0;
};

/// "host:port", ":port", "[::1]:port"; `error` says what is wrong, in nats-server's words.
struct parsed_address {
  host_and_port address;
  std::string error;
};

parsed_address parse_address(std::string_view text);

/// The address with brackets where IPv6 needs them.
std::string to_string(const host_and_port& address);

} // namespace troupe::config
