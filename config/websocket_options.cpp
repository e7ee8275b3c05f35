// config/websocket_options.cpp: reads where websockets connect.
#include "config/websocket_options.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"

namespace troupe::config {

namespace {

/// Known, and not served: nobody gets in by a cookie, and all log in as other clients do.
bool read_inactive(const member& one, const std::string& key, reading& to) {
  auto note = [&](bool restricts) {
    to.found.note_inactive("websocket." + one.key, to_string(one.where), restricts);
    return true;
  };
  if (any_of(key, {"authorization", "authentication"}))
    return note(true);
  return any_of(key, {"no_auth_user", "jwt_cookie", "user_cookie", "pass_cookie", "token_cookie",
                      "headers", "ping_interval"})
         && note(false);
}

} // namespace

void read_websocket(const member& one, dialect from, reading& to) {
  link_block block{"websocket", from, to};
  if (!block.is_map(one))
    return;
  for (auto& each : one.val.members) {
    auto key = lower(each.key);
    if (key == "listen")
      block.read_listen(each);
    else if (key == "tls")
      to.out.websocket.tls = block.read_tls_block(each, false);
    else if (!read_inactive(each, key, to) && !block.read_scalar(each))
      block.unknown(each, {"listen", "tls"});
  }
}

} // namespace troupe::config
