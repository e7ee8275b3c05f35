// actors/websocket_door.hpp: TLS and the HTTP upgrade, before a socket becomes a client's or a
// link's.
#pragma once

#include "actors/reactor.hpp"
#include "config/link_options.hpp"
#include "protocol/websocket_upgrade.hpp"
#include "security/tls_context.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace troupe::actors {

/// How one socket is led through. Copies are cheap enough: there is one for each connection.
struct websocket_door_terms {
  security::tls_context_ptr tls;       ///< null: plain
  std::chrono::nanoseconds timeout{0}; ///< of TLS and upgrade together
  std::string what = "websocket";      ///< how the log calls it

  // Accepting.
  bool same_origin = false;
  std::vector<protocol::web_origin> origins; ///< if there are any, only those
  bool takes_leafs = false;                  ///< a path that ends in /leafnode leads somewhere
  config::websocket_cookies cookies;         ///< those whose values a client is judged by
  std::string headers;                       ///< more lines of our answer, with their ends

  bool deflate = false; ///< messages may be compressed: granted to whoever asks, or asked for

  // Dialling, if `host` is set.
  std::string host;        ///< of the request, "host:port"
  std::string path;        ///< of the request
  std::string tls_host;    ///< that the peer's certificate has to name
  bool no_masking = false; ///< we ask to leave frames unmasked
};

/// What became of it; called once, on the reactor's thread.
struct websocket_door_outcome {
  std::function<void(accepted_ptr socket, bool leaf)> through; ///< `socket->websocket` is set
  std::function<void()> failed; ///< the log has said why; may be empty
};

/// Spawns the actor on `home` for a connected socket, which it closes if nothing comes of it. It
/// ends with its work, and with its reactor.
void spawn_websocket_door(caf::actor_system& sys, reactor& home, accepted_ptr socket,
                          websocket_door_terms terms, websocket_door_outcome outcome);

} // namespace troupe::actors
