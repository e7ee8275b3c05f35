// cli/fleet.hpp: what brokers answer about their links, put together.
#pragma once

#include "cli/fleet_tree.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::cli {

/// What one broker says of itself and of its links.
struct fleet_server {
  struct gateway {
    std::string id;   ///< of the server there
    std::string peer; ///< its name; its id if nobody knows it
    std::string rtt;  ///< empty: not measured
  };
  struct leaf {
    std::string name, account, rtt, address;
    bool is_spoke = false; ///< it is our hub
  };

  std::string id, name, cluster, gateway_name, version, address, uptime;
  bool is_troupe = false;
  uint64_t clients = 0;
  std::map<std::string, uint64_t> routes;                  ///< by id of the peer: links to it
  std::map<std::string, gateway> outbound;                 ///< by cluster
  std::map<std::string, std::vector<std::string>> inbound; ///< by cluster: servers that came
  std::vector<leaf> leafs;
};

/// By cluster; "" holds those that are in none. Each cluster in the order of names.
using fleet = std::map<std::string, std::vector<fleet_server>>;

fleet assemble(const fleet_answers& from);

/// A sentence for each missing route within a cluster, each missing gateway between two, and each
/// broker that others are linked to and that does not answer.
std::vector<std::string> gaps_of(const fleet& all);

} // namespace troupe::cli
