// monitor/admin_paths.hpp: where brokers of this user put their admin sockets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::monitor {

/// Where sockets may lie: `$XDG_RUNTIME_DIR` if it is set, then `/tmp/troupe-<uid>`.
std::vector<std::string> admin_directories();

/// `DIR/troupe-<pid>.sock` in the first of them that only this user can enter; `/tmp/troupe-<uid>`
/// is made if it is missing. Empty: none is fit, and `fault` says why.
std::string make_admin_path(pid_t pid, std::string& fault);

struct admin_place {
  std::string path;
  pid_t pid = 0;
};

/// The sockets of running brokers of this user, by pid. What dead processes left behind is removed.
std::vector<admin_place> running_brokers();

enum class socket_life : uint8_t {
  alive,   ///< somebody listens there
  dead,    ///< a socket that nobody listens on any more
  unknown, ///< absent, no socket, or not for us to enter
};

socket_life probe_socket(const std::string& path);

} // namespace troupe::monitor
