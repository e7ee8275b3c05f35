// monitor/server_roll.hpp: which other servers of the super cluster are there.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe::monitor {

/// Each server says its figures again and again (system-events.md 3.4), whatever lies between. Any
/// thread.
class server_roll {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// A peer that invents servers is not believed beyond that.
  static constexpr size_t most_servers = 4096;
  static constexpr size_t longest_id = 256;
  /// As in nats-server. Of a member of the cluster it is known sooner: so many looks without a
  /// route to it are enough.
  static constexpr std::chrono::seconds longest_silence{150};
  static constexpr int patience_with_member = 3;

  /// It has said something. True: it is new.
  bool hear(std::string_view id, time_point now);
  /// It has said that it ends, or lets its clients go.
  void forget(std::string_view id);
  /// Forgets whoever has gone without a word. `linked`: short_hash() of the ids of all servers that
  /// routes lead to now.
  void look(const std::unordered_set<std::string>& linked, time_point now);
  /// In no order.
  std::vector<std::string> ids() const;

private:
  struct entry {
    std::string hash;
    time_point when;
    int looks_without = -1; ///< since the last one with a route; -1: there never was one
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> servers_;
};

} // namespace troupe::monitor
