// actors/link_keeper.hpp: who keeps a broker's links to other servers, and what can be seen of
// them.
#pragma once

#include "actors/account.hpp"
#include "actors/gateway_snapshot.hpp"
#include "actors/leaf_snapshot.hpp"
#include "actors/settings.hpp"
#include "actors/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caf {
class actor_system;
}

namespace troupe::actors {

class link_registry;
struct core;

/// One route (monitoring.md section 6).
struct route_snapshot {
  uint64_t rid = 0;
  std::string remote_id, remote_name;
  bool solicited = false;
  bool configured = false; ///< its URL stands in our configuration
  std::string ip;
  uint16_t port = 0;
  wall_time start;
  wall_time last_activity;
  std::chrono::nanoseconds rtt{0};
  int64_t pending_bytes = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
  size_t subscriptions = 0;
  std::vector<subscription_snapshot> subscription_list; ///< only if asked for
  std::string account;                                  ///< it carries this one alone; empty: all
  std::optional<uint32_t> pool_index; ///< its slot among the routes to that server; none: the only
                                      ///< one, or that of `account`
};

/// What clients are told of the cluster.
struct cluster_view {
  std::string name;                       ///< empty: there is no cluster
  std::vector<std::string> own;           ///< where clients reach this broker, "host:port" each
  std::vector<std::string> others;        ///< and where they reach its other members
  std::vector<std::string> leafnode_urls; ///< where leaf nodes reach its other members
  std::vector<std::string> own_websocket = {};    ///< as `own`, over a websocket
  std::vector<std::string> other_websockets = {}; ///< as `others`
  bool operator==(const cluster_view&) const = default;
};

/// federation/ implements it; one for a broker. Called by whoever runs the broker, but for
/// account_changed(), routes(), gateways() and leafs().
class link_keeper {
public:
  link_keeper() = default;
  link_keeper(const link_keeper&) = delete;
  link_keeper& operator=(const link_keeper&) = delete;
  virtual ~link_keeper() = default;

  /// Binds what the options want bound, and reads the certificates. Empty: done.
  virtual std::vector<std::string> prepare(const config::options& options) = 0;
  /// The registry that the accounts count their interest for; null: this broker has no links.
  virtual std::unique_ptr<link_registry> make_registry() = 0;

  using changed = std::function<void(cluster_view)>;
  /// Accounts and reactors are there; from here on peers are accepted and dialled. `tell` is called
  /// from any thread.
  virtual void start(caf::actor_system& sys, core& shared, const settings_ptr& now,
                     changed tell) = 0;
  /// Would these options be in force after apply()? Empty: yes.
  virtual std::vector<std::string> check(const config::options& options) = 0;
  virtual void apply(const settings_ptr& next) = 0;
  virtual void lame_duck() = 0;
  /// Its actors end; does not wait for that.
  virtual void stop() = 0;

  /// Any thread.
  virtual void account_changed(const account_ptr& which) = 0;
  /// Any thread that may wait.
  virtual std::vector<route_snapshot> routes(bool subscriptions) const = 0;
  virtual std::vector<gateway_snapshot> gateways(bool accounts, bool subscriptions) const = 0;
  virtual std::vector<leaf_snapshot> leafs(bool subscriptions) const = 0;
  virtual std::vector<actor_snapshot> tree() const = 0;
  /// Where peers of the cluster connect; 0: nowhere.
  virtual uint16_t cluster_port() const noexcept = 0;
  /// Where other clusters connect; 0: nowhere.
  virtual uint16_t gateway_port() const noexcept = 0;
  /// Where leaf nodes connect; 0: nowhere.
  virtual uint16_t leafnode_port() const noexcept = 0;
  /// Where clients and leaf nodes connect over a websocket; 0: nowhere.
  virtual uint16_t websocket_port() const noexcept = 0;
};

} // namespace troupe::actors
