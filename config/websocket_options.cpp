// config/websocket_options.cpp: reads where websockets connect.
#include "config/websocket_options.hpp"
#include "config/peer_options.hpp"
#include "config/words.hpp"

namespace troupe::config {

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
    else if (any_of(key, {"authorization", "authentication"}))
      block.read_authorization(each, [](const member&) { return false; });
    else if (!block.read_scalar(each))
      block.unknown(each, {"listen", "tls", "authorization"});
  }
}

} // namespace troupe::config
