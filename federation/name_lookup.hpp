// federation/name_lookup.hpp: addresses of a host, or hosts of a service, asked for on an event
// loop without waiting.
#pragma once

#include "actors/event_loop.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
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

/// One host that an SRV record names.
struct service_target {
  std::string host; ///< without its last dot
  uint16_t port = 0;
  uint16_t priority = 0, weight = 0;
  bool operator==(const service_target&) const = default;
};

/// What DNS says of an SRV record.
struct service_answer {
  std::vector<service_target> targets; ///< in the order of RFC 2782
  std::chrono::seconds good_for{0};    ///< the smallest TTL among them
  bool known = false;                  ///< DNS has answered, if only that there are none
  std::string problem;                 ///< without targets: why
};

/// By priority, and by chance within one, the heavier ones more often first (RFC 2782).
void put_in_order(std::vector<service_target>& targets, std::minstd_rand& random);

/// Asks the system's resolvers, or those that the environment names in TROUPE_DNS_SERVERS as
/// "address[:port],…", for A and AAAA, and knows the hosts file and plain addresses. One
/// question at a time; belongs to its loop's thread. When it dies, nobody is called any more.
class name_lookup {
public:
  /// Either some addresses, in the order in which they should be tried, or what is wrong.
  using answered = std::function<void(std::vector<peer_address> found, std::string problem)>;

  using services_answered = std::function<void(service_answer)>;

  explicit name_lookup(actors::event_loop& loop);
  name_lookup(const name_lookup&) = delete;
  name_lookup& operator=(const name_lookup&) = delete;
  ~name_lookup();

  /// The answer comes by a call from the loop, never from within this one.
  void ask(const std::string& host, uint16_t port, answered tell);
  /// The same for an SRV record, by its whole name.
  void ask_services(const std::string& name, services_answered tell);
  /// Forgets the question.
  void cancel() noexcept;

private:
  class channel;
  actors::event_loop& loop_;
  std::unique_ptr<channel> channel_;
};

} // namespace troupe::federation
