// federation/name_lookup.hpp: addresses of a host, asked for on an event loop without waiting.
#pragma once

#include "actors/event_loop.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>

namespace troupe::federation {

/// One address that a connection can be made to.
struct peer_address {
  sockaddr_storage raw{};
  socklen_t length = 0;
  std::string ip; ///< for people, without brackets
};

/// Asks the system's resolvers for A and AAAA, and knows the hosts file and plain addresses. One
/// question at a time; belongs to its loop's thread. When it dies, nobody is called any more.
class name_lookup {
public:
  /// Either some addresses, in the order in which they should be tried, or what is wrong.
  using answered = std::function<void(std::vector<peer_address> found, std::string problem)>;

  explicit name_lookup(actors::event_loop& loop);
  name_lookup(const name_lookup&) = delete;
  name_lookup& operator=(const name_lookup&) = delete;
  ~name_lookup();

  /// The answer comes by a call from the loop, never from within this one.
  void ask(const std::string& host, uint16_t port, answered tell);
  /// Forgets the question.
  void cancel() noexcept;

private:
  class channel;
  actors::event_loop& loop_;
  std::unique_ptr<channel> channel_;
};

} // namespace troupe::federation
