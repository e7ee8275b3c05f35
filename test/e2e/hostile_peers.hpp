// test/e2e/hostile_peers.hpp: strangers on the ports that are for other servers, and what is said
// of them.
#pragma once
#include "server_process.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::e2e {

/// One stranger: what he says, and what has to come of it.
struct stranger {
  std::string who;    ///< a sentence: what he does
  std::string says;   ///< all of it, at once
  std::string answer; ///< is among what he gets; empty: whatever comes
  /// Is in lines of the log that name his address. Empty: he stays, and his PING is answered.
  std::vector<std::string> logged;
};

class peer_socket;

/// Is there a line of the log with both?
bool tells(const std::string& log, const std::string& address, const std::string& words);

/// What becomes of one stranger, who has said all he has to. `address`: as the log names him.
void judge(const server_process& server, peer_socket& at, const stranger& which,
           const std::string& address);

/// Strangers and the port to which they come.
struct visitors {
  uint16_t port = 0;
  std::vector<stranger> all;
};

/// All of them at once: none waits for the other. `answer` and `logged` are checked, and that
/// whoever is refused is disconnected.
void visit(const server_process& server, const std::vector<visitors>& all);

/// Names every route, gateway and leaf node that takes part, each with what another connection of
/// the same peer would not have.
std::string links_of(const server_process& server);

/// AddressSanitizer keeps what was freed: there is no use in making a server use much memory then.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool memory_counts = false;
#else
inline constexpr bool memory_counts = true;
#endif

/// Resident bytes of the server's process.
int64_t memory_of(const server_process& server);

} // namespace troupe::e2e
