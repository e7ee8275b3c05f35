// config/address.cpp: reads host and port.
#include "config/address.hpp"

#include <charconv>

namespace troupe::config {

parsed_address parse_address(std::string_view text) {
  auto malformed = [&] {
    return parsed_address{{}, "could not parse address string \"" + std::string{text} + "\""};
  };
  parsed_address result;
  auto colon = text.rfind(':');
  if (colon == text.npos)
    return malformed();
  auto host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']'))
      return malformed();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return malformed();
  }
  auto port = text.substr(colon + 1);
  auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), result.address.port);
  if (code != std::errc{} || end != port.data() + port.size())
    return {{}, "could not parse port \"" + std::string{port} + "\""};
  result.address.host = host;
  return result;
}

std::string to_string(const host_and_port& address) {
  bool brackets = address.host.find(':') != std::string::npos;
  return (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

} // namespace troupe::config
