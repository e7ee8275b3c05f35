// monitor/admin_socket.hpp: lets the broker's owner look into it through a unix socket.
#pragma once

#include "monitor/source.hpp"

#include <memory>
#include <string>

namespace troupe::monitor {

/// One line in, one JSON document and the end of the stream out: `actors`, `connections`, `server`,
/// `subscriptions`. Only the user the broker runs as, and root, are answered. Has one thread; start
/// and stop it from one other.
class admin_socket {
public:
  /// The broker must have been started, and stop() called here before it is stopped.
  explicit admin_socket(const actors::broker& from);
  /// The same for anything that can be asked; `from` must outlive the socket.
  explicit admin_socket(const source& from);
  admin_socket(const admin_socket&) = delete;
  admin_socket& operator=(const admin_socket&) = delete;
  ~admin_socket();

  /// Listens on `path`, or, if that is empty, on one of admin_paths.hpp. What a dead process left
  /// at that path is replaced. Empty: it answers; otherwise why not.
  std::string start(const std::string& path);
  const std::string& path() const noexcept;
  /// Removes the socket. May be called twice.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// What a broker said, or why it said nothing.
struct admin_reply {
  std::string document;
  std::string fault;
};

/// Asks the broker behind `path`; waits at most five seconds for each piece of the answer.
admin_reply ask_broker(const std::string& path, std::string_view request);

} // namespace troupe::monitor
