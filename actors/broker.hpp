// actors/broker.hpp: the whole broker: starts, reloads, drains, ends, and can be looked into.
#pragma once

#include "actors/account.hpp"
#include "actors/snapshot.hpp"
#include "config/options.hpp"
#include "protocol/sublist.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caf {
class actor_system;
}

namespace troupe::actors {

class link_keeper;
class observer;
struct cluster_view;
struct core;
struct gateway_snapshot;
struct leaf_snapshot;
struct route_snapshot;

/// The NATS release whose behaviour clients may expect; they compare the number.
inline constexpr const char* nats_version = "2.15.1";

/// One broker in this process. Start and end it from one thread; looking into it is allowed from
/// any other thread (not from an actor: answers are waited for).
class broker {
public:
  broker();
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;
  ~broker();

  /// Makes an observer when accounts and reactors are there and nobody has come yet.
  using observer_maker = std::function<std::shared_ptr<observer>(caf::actor_system&, core&)>;
  /// For the next start().
  void attach(observer_maker make);

  /// Makes whoever keeps the links to other servers.
  using link_maker = std::function<std::unique_ptr<link_keeper>()>;
  /// For the next start(); without it there are none.
  void attach(link_maker make);

  /// Binds, starts the reactors and accepts clients. Empty: it runs. Otherwise one sentence a
  /// problem, and nothing is left open.
  std::vector<std::string> start(const config::options& options);
  /// Swaps the settings of a running broker. Empty: done. Otherwise nothing has changed.
  std::vector<std::string> reload(const config::options& options);
  /// Stops accepting and tells the clients; then close them with evict().
  void enter_lame_duck();
  /// Closes up to `count` clients; the number of those left.
  uint64_t evict(uint64_t count);
  /// Closes one client; false: there is none of that cid.
  bool kick(uint64_t cid);
  enum class advice : uint8_t { no_such_client, cannot_be_told, given };
  /// Tells one client to go elsewhere.
  advice advise_to_leave(uint64_t cid);
  /// Closes everything and waits for the last actor.
  void stop();

  const std::string& server_id() const noexcept;
  std::string server_name() const;
  std::string host() const;
  std::string system_account() const;
  uint16_t port() const noexcept; ///< where clients connect
  bool accepting() const noexcept;
  bool lame_duck() const noexcept;
  size_t reactor_count() const noexcept;
  config::options options() const;

  server_snapshot describe() const;
  /// Null: there is none.
  account_ptr account_named(std::string_view name) const;
  std::vector<connection_snapshot> connections(const connection_query& query) const;
  /// The links to other members of the cluster; with what each wants to hear, or without.
  std::vector<route_snapshot> routes(bool subscriptions) const;
  uint16_t cluster_port() const noexcept; ///< where they connect; 0: nowhere
  /// Links to leaf nodes and to hubs, by their lid.
  std::vector<leaf_snapshot> leafs(bool subscriptions) const;
  /// Links to other clusters, by their gid.
  std::vector<gateway_snapshot> gateways(bool accounts, bool subscriptions) const;
  uint16_t gateway_port() const noexcept;   ///< where other clusters connect; 0: nowhere
  uint16_t leafnode_port() const noexcept;  ///< where leaf nodes connect; 0: nowhere
  uint16_t websocket_port() const noexcept; ///< where both connect over a websocket; 0: nowhere
  std::string cluster_name() const;         ///< empty: none
  /// Where clients may go as well; empty without other members.
  std::vector<std::string> connect_urls() const;
  /// Every actor, parents before children.
  std::vector<actor_snapshot> tree() const;
  /// Of one account, or summed over all.
  protocol::sublist_stats sublist_stats(const std::string& account = {}) const;
  /// Every subscription of every account, or of one.
  std::vector<subscription_snapshot> subscriptions(const std::string& account = {}) const;

private:
  struct impl;
  void follow(const cluster_view& view);
  std::unique_ptr<impl> impl_;
  observer_maker make_observer_;
  link_maker make_links_;
};

} // namespace troupe::actors
