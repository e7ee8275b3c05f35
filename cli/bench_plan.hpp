// cli/bench_plan.hpp: what a load consists of and what came of it.
#pragma once

#include "cli/connect_options.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cli {

/// A load of publishers and subscribers.
struct load_plan {
  connect_options connection;
  uint64_t messages = 1'000'000; ///< published in all, shared by the publishers
  size_t size = 16;              ///< payload, in bytes
  uint32_t publishers = 1;
  uint32_t subscribers = 0; ///< 0: publish only; the end is then every publisher's last PONG
  bool pairs = false;       ///< publisher i has subjects of its own, for subscribers i, i + P, …
  std::string queue;        ///< all subscribers join this group; empty: each gets every message
  std::string subject = "bench";
  std::string subscriber_user; ///< subscribers log in as this user; empty: as everybody
  /// Subscribers connect here, to a server that is linked to the publishers' one; empty: to that.
  std::vector<server_address> subscriber_servers;
  uint32_t subjects = 1;   ///< distinct subjects that each publisher goes around
  bool wildcard = false;   ///< subscribe by one wildcard instead of by every subject
  bool headers = false;    ///< publish with one header
  bool verify = false;     ///< parse every message and check its sequence number
  bool bare_relay = false; ///< the peer is bench/relay, not a server
  uint32_t publisher_threads = 1;
  uint32_t subscriber_threads = 1;
  size_t block_size = 128 * 1024;   ///< bytes per write, about
  uint32_t extra_subscriptions = 0; ///< unrelated wildcard subscriptions, on one more connection
  std::chrono::nanoseconds idle_limit = std::chrono::seconds{10}; ///< no progress that long: lost
  bool show_progress = false;

  uint64_t expected_deliveries() const;
  uint64_t share_of_publisher(uint32_t publisher) const;
  /// As whom, and where, subscribers log in.
  connect_options of_subscribers() const;
  /// What publisher i publishes to (subscriber i is interested in), all of the same length.
  std::vector<std::string> subjects_of(uint32_t publisher) const;
};

struct load_result {
  uint64_t published = 0;
  uint64_t delivered = 0;
  uint64_t expected = 0;
  double seconds = 0;           ///< from the first publish to the last delivery (or last PONG)
  double cpu_seconds = 0;       ///< of this process, meanwhile
  uint64_t published_bytes = 0; ///< on the wire
  uint64_t delivered_bytes = 0;
};

/// Sorted round-trip times and what they add up to.
struct latency_result {
  std::vector<uint64_t> nanos; ///< ascending
  double seconds = 0;
  double cpu_seconds = 0;
  /// `share` in 0…1; 0 if nothing was measured.
  uint64_t percentile(double share) const;
};

/// User and system time of this process, in seconds.
double own_cpu_seconds();

} // namespace troupe::cli
