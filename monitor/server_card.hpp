// monitor/server_card.hpp: the "server" object that goes with every event and answer.
#pragma once

#include "config/options.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::monitor {

/// Whom a request is for (system-events.md 5.3). Nothing set: everybody.
struct server_filter {
  std::string name, cluster, host; ///< parts of the server's, or all of it if `exact`
  bool exact = false;
  std::vector<std::string> tags; ///< all of them, whatever their case
  std::string domain;            ///< JetStream's: we have none
};

/// Any thread.
class server_card {
public:
  /// `made_up`: answers the name of the cluster where the options have none, or nothing.
  server_card(std::string id, const config::options& options,
              std::function<std::string()> made_up = {});

  /// A reload may change name, tags and the like.
  void follow(const config::options& options);
  /// With the next `seq`, which peers expect to rise.
  nlohmann::ordered_json next();
  /// Name, host and id alone.
  nlohmann::ordered_json identity() const;
  bool passes(const server_filter& filter) const;
  const std::string& id() const noexcept { return id_; }

private:
  struct face {
    std::string name, host;
    std::string cluster;           ///< empty: none, or one whose name is made up
    std::vector<std::string> tags; ///< in lower case
    std::map<std::string, std::string> metadata;
  };
  std::shared_ptr<const face> now() const;
  std::string cluster_of(const face& mine) const;

  const std::string id_;
  const std::function<std::string()> made_up_;
  std::atomic<uint64_t> seq_{0};
  mutable std::mutex mutex_; // guards `face_`
  std::shared_ptr<const face> face_;
};

} // namespace troupe::monitor
