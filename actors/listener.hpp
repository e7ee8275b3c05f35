// actors/listener.hpp: accepts connections and spreads them over the reactors.
#pragma once

#include "actors/reactor.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace troupe::actors {

/// A bound and listening socket; closed with its last copy.
struct bound_socket {
  int fd = -1;
  std::string host;
  uint16_t port = 0;
  ~bound_socket();
  /// Whoever connects from here on is refused at once, before the last copy has gone. Any thread.
  void refuse() const noexcept;
};
using bound_socket_ptr = std::shared_ptr<bound_socket>;

/// Binds and listens on `host`:`port` (0: any free port). `host` may be a name; "::" takes IPv4
/// too. Throws std::runtime_error that says what could not be bound and why.
bound_socket_ptr bind_and_listen(const std::string& host, uint16_t port);

/// Takes a socket that was accepted.
using hand_out = std::function<void(accepted_ptr)>;

/// Accepts for others than clients; `what` they are goes into the log and the actor's path.
listener_actor spawn_listener(caf::actor_system& sys, reactor& home, bound_socket_ptr socket,
                              std::string what, hand_out give);

/// The socket becomes a client of the reactor that has the fewest.
void hand_to_emptiest(core& shared, accepted_ptr peer);

/// One listener actor a reactor, all on the same socket: whoever is free accepts, and hands the
/// connection to the reactor that has the fewest. Ends by `shut_down`.
listener_actor spawn_listener(caf::actor_system& sys, reactor& home, bound_socket_ptr socket);

} // namespace troupe::actors
