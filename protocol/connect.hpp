// protocol/connect.hpp: what a client says of itself in CONNECT.
#pragma once

#include "protocol/errc.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::protocol {

/// Defaults are those of a client that sent no CONNECT at all (client-protocol.md section 3).
struct connect_options {
  bool verbose = true;
  bool pedantic = true;
  bool echo = true;
  bool headers = false;
  bool no_responders = false;
  bool tls_required = false;
  bool new_account = false;
  int64_t protocol = 0;
  std::string name, lang, version;
  std::string user, pass, auth_token, nkey, jwt, sig, proxy_sig;
  std::string account;
};

/// Reads a CONNECT's JSON over `into`: fields that are not present keep their value, unknown ones
/// are ignored, names are matched without regard to case. `malformed_connect` if the text is no
/// JSON object or a known field has another type; `into` is then unchanged.
errc parse_connect(std::string_view json, connect_options& into);

} // namespace troupe::protocol
