// test/e2e/steady_traffic.hpp: numbered messages between servers for as long as a test does
// something else.
#pragma once
#include "cnats_client.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace troupe::e2e {

/// Rounds without end: a client of the first server publishes a handful of numbers, a client of
/// each server (of the first as well) has to get them, each once and in order, and publishes the
/// last of them back. On a thread of its own.
class steady_traffic {
public:
  /// Returns when everybody hears everybody. `user`: of every client, with the password "pw";
  /// empty: none.
  steady_traffic(const std::vector<const server_process*>& servers, const char* user);
  ~steady_traffic();
  steady_traffic(const steady_traffic&) = delete;
  steady_traffic& operator=(const steady_traffic&) = delete;

  /// Ends it. Empty, or what somebody got instead of which number.
  std::string stop();
  /// How many have come to everybody so far.
  uint64_t rounds() const { return rounds_; }

private:
  struct member {
    connection_ptr client;
    subscription_ptr numbers; ///< what the first one says
    subscription_ptr answers; ///< at the first server: what this one says back
  };

  void run();
  std::string play_round();
  std::string expect(const subscription_ptr& at, uint64_t number, size_t who) const;

  std::vector<member> members_;
  connection_ptr speaker_;
  uint64_t last_ = 0;
  std::string problem_;
  std::atomic<uint64_t> rounds_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

} // namespace troupe::e2e
