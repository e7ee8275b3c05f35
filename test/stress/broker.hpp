// test/stress/broker.hpp: the broker under test: how it is started, what it uses, what it reports.
#pragma once
#include "scenario.hpp"
#include "test/e2e/server_process.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::stress {

/// AddressSanitizer keeps what was freed, and adds to what was not: figures say nothing there.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool memory_counts = false;
#else
inline constexpr bool memory_counts = true;
#endif

struct broker_wishes {
  int64_t max_pending = 64 * 1024 * 1024;
  int port = -1; ///< whoever is to be killed and restarted needs one that is held for him
  /// Ports on which the members of a cluster listen for routes, its own first; empty: no cluster.
  std::vector<uint16_t> cluster = {};
};

class broker {
public:
  broker(const settings& wish, const broker_wishes& more);
  explicit broker(const settings& wish) : broker{wish, broker_wishes{}} {}

  uint16_t port() const { return process_->port(); }
  bool running() { return process_->running(); }
  /// SIGKILL, then a new process on the same port.
  void kill_and_restart();
  /// Resident bytes now.
  int64_t memory() const;
  /// Body of a monitoring endpoint, e.g. "/connz?state=closed". Blocks for a moment.
  std::string monitoring(const std::string& path) const;
  /// Tells whether it lived until now and ends when it is asked to.
  void judge_end(report& out);

private:
  void start(int port);

  settings wish_;
  broker_wishes more_;
  std::unique_ptr<e2e::server_process> process_;
};

} // namespace troupe::stress
