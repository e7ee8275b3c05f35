// federation/cluster_links.hpp: the routes of one broker: its cluster.
#pragma once

#include "actors/listener.hpp"
#include "federation/cluster.hpp"
#include "federation/link_part.hpp"
#include "federation/member_finder.hpp"
#include "federation/messages.hpp"
#include "security/tls_context.hpp"

#include <functional>
#include <map>
#include <mutex>

namespace troupe::federation {

class cluster_links final : public link_part {
public:
  std::vector<std::string> prepare(const config::options& options) override;
  std::vector<protocol::peer_role> served() const override;
  void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
             const actors::link_keeper::changed& tell) override;
  std::vector<std::string> check(const config::options& options) override;
  void apply(const actors::settings_ptr& next) override;
  void lame_duck() override;
  void stop() override;
  void account_changed(const actors::account_ptr& which) override;
  std::vector<actors::actor_snapshot> tree() const override;

  /// In the order of their rids. Any thread that may wait.
  std::vector<actors::route_snapshot> routes(bool subscriptions) const;
  uint16_t port() const noexcept { return port_; } ///< 0: there is no cluster
  /// Where leaf nodes reach this broker, for the other members to tell; before start().
  void offer_leafnodes(std::vector<std::string> urls) { leafnode_urls_ = std::move(urls); }
  /// Where both reach it over a websocket, likewise.
  void offer_websockets(std::vector<std::string> urls) { websockets_ = std::move(urls); }
  /// The same for other clusters; empty: they cannot. `heard` and `changed` are what gateways have
  /// to hear of, and are called from any thread.
  void offer_gateway(std::string url, std::function<void(const protocol::link_info&)> heard,
                     std::function<void(fellow_members)> changed);
  /// The other members, now and later, are told this INFO about another cluster; empty: no more.
  /// Any thread.
  void tell_members(const std::string& cluster, const std::string& line);

private:
  link_certificates certificates_now();
  /// Keeps asking DNS for each SRV record among the routes, and for no other. With `mutex_` held.
  void follow_records(const config::cluster_options& from);
  void members_found(const std::string& record, const service_answer& answer);
  std::vector<member_finder_actor> finders() const;
  std::vector<configured_remote> remotes_now(const config::cluster_options& from);

  caf::actor_system* system_ = nullptr;
  actors::bound_socket_ptr socket_;
  uint16_t port_ = 0;
  std::vector<std::string> leafnode_urls_;
  std::vector<std::string> websockets_;
  std::string gateway_url_;
  std::function<void(const protocol::link_info&)> heard_;
  std::function<void(fellow_members)> members_changed_;
  cluster_actor cluster_;
  actors::listener_actor listener_;
  mutable std::mutex mutex_; // the cluster's actor reads what a reload writes
  link_certificates tls_, next_tls_;
  actors::core* shared_ = nullptr;
  actors::settings_ptr settings_; ///< the newest
  struct search {
    member_finder_actor finder;
    bool asked = false;                ///< DNS has answered once, or has failed to
    std::vector<service_target> found; ///< what it said last; kept when it says nothing any more
  };
  std::map<std::string, search> searches_; ///< by record
  cluster_actor told_;                     ///< the same actor, for those who ask before it is there
};

} // namespace troupe::federation
