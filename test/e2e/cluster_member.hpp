// test/e2e/cluster_member.hpp: one server of a cluster, ours or theirs.
#pragma once
#include "mixed_servers.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::e2e {

/// One member; everything but its own port and its routes is `extra`.
struct member_plan {
  kind what = kind::ours;
  uint16_t port = free_port(); ///< of its cluster listener
  std::vector<uint16_t> dials = {};
  std::string extra = {}; ///< inside of cluster {}
  std::string name = "C1";
  std::string login = {}; ///< "user:password@" in the routes
  std::string top = {};   ///< outside of cluster {}
};

inline std::string config_of(const member_plan& plan) {
  std::string routes;
  for (auto port : plan.dials)
    routes += "nats-route://" + plan.login + "127.0.0.1:" + std::to_string(port) + " ";
  return "server_name: n" + std::to_string(plan.port) + "\n" + plan.top
         + "http: \"127.0.0.1:-1\"\ncluster {\n  name: \"" + plan.name
         + "\"\n  listen: \"127.0.0.1:" + std::to_string(plan.port) + "\"\n  routes: [" + routes
         + "]\n  " + plan.extra + "\n}\n";
}

inline std::unique_ptr<server_process> start(const member_plan& plan) {
  return std::make_unique<server_process>(binary_of(plan.what), config_of(plan));
}

/// How many connections there are between two members: three slots, and the system account's.
inline size_t routes_between(kind one, kind other) {
  return pools_routes(one) && pools_routes(other) ? 4 : 1;
}

/// Waits until the server has as many; then its pools are whole.
inline bool has_routes(const server_process& server, size_t many) {
  return eventually([&] {
    return http(server, "/routez").find("\"num_routes\": " + std::to_string(many) + ",")
           != std::string::npos;
  });
}

} // namespace troupe::e2e
