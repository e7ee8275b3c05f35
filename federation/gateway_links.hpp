// federation/gateway_links.hpp: the gateways of one broker, to all other clusters.
#pragma once

#include "actors/gateway_snapshot.hpp"
#include "actors/listener.hpp"
#include "federation/gateways.hpp"
#include "federation/link_part.hpp"

#include <mutex>

namespace troupe::federation {

class gateway_links final : public link_part {
public:
  std::vector<std::string> prepare(const config::options& options) override;
  std::vector<protocol::peer_role> served() const override;
  void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
             const actors::link_keeper::changed& tell) override;
  std::vector<std::string> check(const config::options& options) override;
  void apply(const actors::settings_ptr& next) override;
  void lame_duck() override {}
  void stop() override;
  void account_changed(const actors::account_ptr& which) override;
  std::vector<actors::actor_snapshot> tree() const override;

  /// In the order of their gids. Any thread that may wait.
  std::vector<actors::gateway_snapshot> gateways(bool accounts, bool subscriptions) const;
  uint16_t port() const noexcept { return port_; } ///< 0: there are no gateways
  /// Where other clusters reach this broker; empty: nowhere.
  std::string url(const config::gateway_options& from) const;
  /// Who tells the members of our cluster of other clusters; before start().
  void gossip_by(gateways_gossip tell) { gossip_ = std::move(tell); }
  /// A member of our cluster has told of another one. Any thread.
  void hear(const protocol::link_info& said);
  /// Any thread.
  void members_changed(fellow_members now);

  /// What was read from files.
  struct material {
    link_certificates own;
    std::vector<remote_plan> remotes;
  };

private:
  gateways_plan_ptr plan_for(const actors::settings_ptr& now);

  caf::actor_system* system_ = nullptr;
  actors::bound_socket_ptr socket_;
  uint16_t port_ = 0;
  gateways_gossip gossip_;
  gateways_actor gateways_;
  actors::listener_actor listener_;
  std::mutex mutex_; // the actor reads what a reload and the cluster write
  material now_, next_;
  fellow_members members_;
  gateways_actor told_; ///< the same actor, for the cluster's thread
};

} // namespace troupe::federation
