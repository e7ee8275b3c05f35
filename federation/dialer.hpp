// federation/dialer.hpp: keeps trying to reach one other server.
#pragma once

#include "actors/reactor.hpp"
#include "federation/messages.hpp"
#include "federation/proxy_way.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace troupe::federation {

/// How one remote is dialled.
struct dial_plan {
  uint64_t remote = 0;           ///< the boss's number for it
  std::string what = "route";    ///< how the log calls it
  std::string group = "cluster"; ///< the boss's place in the tree of actors
  /// A name is looked up again for each attempt; that of an SRV record stands for the hosts that it
  /// has then, and `port` for nothing.
  std::string host;
  uint16_t port = 0;
  /// Attempts after which it gives up; negative: never.
  int64_t attempts = -1;
  bool backoff = false; ///< waits twice as long after each failure
  std::chrono::nanoseconds timeout = std::chrono::seconds{1}; ///< of one attempt at one address
  /// Who is dialled instead, and asked for a connection to `host`: then `host` is no SRV record,
  /// and the proxy looks it up. The timeout holds for its answer again.
  std::optional<proxy_way> proxy;
};

/// One actor a remote, pinned to `home`. It does nothing until it is sent `dial`; then it looks up
/// the name, tries each address, waits and tries again, until one answers: the connected socket
/// goes to `boss` as `dialled`. It sends `gave_up` when its attempts are used up, and then
/// waits for `dial` again. Ends by `shut_down`.
dialer_actor spawn_dialer(caf::actor_system& sys, actors::reactor& home, dial_plan plan,
                          dial_boss_actor boss);

/// How long the `failures`-th failure in a row is waited after (routes.md section 13).
std::chrono::milliseconds pause_after(uint64_t failures, bool backoff) noexcept;

} // namespace troupe::federation
