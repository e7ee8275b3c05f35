// test/stress/scenario.hpp: what every scenario is told, and their list.
#pragma once
#include "report.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace troupe::stress {

struct settings {
  std::filesystem::path server; ///< takes nats-server's flags
  int reactors = 0;             ///< 0: what the server likes; otherwise it must be Troupe
  bool full = false;
  uint64_t amount = 0; ///< messages, rounds, strings, bytes or connections; 0: the usual number
  uint64_t seed = 1;
  std::chrono::seconds patience{30}; ///< without any progress

  uint64_t amount_or(uint64_t small, uint64_t large) const {
    return amount > 0 ? amount : full ? large : small;
  }
};

void order(const settings& wish, report& out);
void queue_groups(const settings& wish, report& out);
void interest(const settings& wish, report& out);
void barrier(const settings& wish, report& out);
void bounded(const settings& wish, report& out);
void bounded_floods(const settings& wish, report& out);
void auto_unsubscribe(const settings& wish, report& out);
void attack(const settings& wish, report& out);
void crowd(const settings& wish, report& out);
void link_burst(const settings& wish, report& out);
void cluster_crowd(const settings& wish, report& out);

} // namespace troupe::stress
