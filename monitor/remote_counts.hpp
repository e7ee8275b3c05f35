// monitor/remote_counts.hpp: how many connections of each account other servers say they have.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::monitor {

/// What one CONNS message says (system-events.md 3.5).
struct count_report {
  std::string server; ///< its id
  std::string account;
  int64_t connections = 0; ///< clients
  int64_t leafnodes = 0;
};
/// Nothing: it is no such message, or one with numbers that cannot be.
std::optional<count_report> read_count_report(std::string_view json);

/// The last report of each server about each account. Knows no clock.
class remote_counts {
public:
  using time_point = std::chrono::steady_clock::time_point;
  struct sum {
    int64_t connections = 0;
    int64_t leafnodes = 0;
    bool operator==(const sum&) const = default;
  };
  /// No account has more servers than this; a peer that invents some is not believed beyond it.
  static constexpr size_t most_servers = 4096;

  /// In place of what that server said before. Answers what all say now.
  sum hear(const count_report& what, time_point now);
  sum of(std::string_view account) const;
  /// The server has ended. Answers the accounts that it had connections of, as do the next two.
  std::vector<std::string> forget_server(std::string_view server);
  /// Servers that have said nothing of an account since then.
  std::vector<std::string> forget_silent(time_point since);
  /// Servers for whom that holds.
  template <class Which>
  std::vector<std::string> forget_if(Which&& gone) {
    return forget([&](const std::string& server, const report&) { return gone(server); });
  }
  void forget_account(std::string_view account);

private:
  struct report {
    int64_t connections = 0;
    int64_t leafnodes = 0;
    time_point when;
  };
  struct text_hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const noexcept {
      return std::hash<std::string_view>{}(s);
    }
  };
  template <class Value>
  using by_name = std::unordered_map<std::string, Value, text_hash, std::equal_to<>>;
  struct book {
    by_name<report> servers;
    sum all;
  };

  template <class Which>
  std::vector<std::string> forget(Which&& gone) {
    std::vector<std::string> out;
    for (auto it = accounts_.begin(); it != accounts_.end();) {
      auto& [name, in] = *it;
      auto fewer = std::erase_if(in.servers, [&](const auto& each) {
        bool goes = gone(each.first, each.second);
        if (goes) {
          in.all.connections -= each.second.connections;
          in.all.leafnodes -= each.second.leafnodes;
        }
        return goes;
      });
      if (fewer > 0)
        out.push_back(name);
      it = in.servers.empty() ? accounts_.erase(it) : std::next(it);
    }
    return out;
  }

  by_name<book> accounts_;
  time_point oldest_; ///< no report is older
};

} // namespace troupe::monitor
