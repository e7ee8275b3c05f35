// monitor/server.hpp: the monitoring listener.
#pragma once

#include "config/options.hpp"
#include "monitor/source.hpp"

#include <memory>
#include <string>

namespace troupe::monitor {

/// Serves the endpoints over HTTP, or over HTTPS with the client listener's certificate, on threads
/// of its own; also in lame duck mode. Start and stop it from one thread.
class monitor_server {
public:
  /// The broker must have been started, and stop() called here before it is stopped.
  monitor_server(const actors::broker& from, const config::options& options);
  /// The same for anything that can be asked; `from` must outlive the server.
  monitor_server(const source& from, const config::options& options);
  monitor_server(const monitor_server&) = delete;
  monitor_server& operator=(const monitor_server&) = delete;
  ~monitor_server();

  /// Listens where `options.monitoring` says (port -1: any free one). Empty: it answers; otherwise
  /// why not.
  std::string start();
  /// The real port, 0 before start().
  uint16_t port() const noexcept;
  /// Answers what has begun, then ends. May be called twice.
  void stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::monitor
