// federation/leaf_links.hpp: the leaf nodes of one broker, and the hubs that it is one of.
#pragma once

#include "actors/leaf_snapshot.hpp"
#include "actors/listener.hpp"
#include "federation/leafs.hpp"
#include "federation/link_part.hpp"

#include <mutex>
#include <optional>

namespace troupe::federation {

class leaf_links final : public link_part {
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

  /// In the order of their lids. Any thread that may wait.
  std::vector<actors::leaf_snapshot> leafs(bool subscriptions) const;
  uint16_t port() const noexcept { return port_; } ///< 0: nobody may be our leaf node
  /// Where leaf nodes reach this broker; empty: nowhere, or nobody is to be told.
  std::vector<std::string> urls(const config::leafnode_options& from) const;
  /// Where they reach it over websockets, for them to be told; before start().
  void offer_websockets(std::vector<std::string> urls) { websockets_ = std::move(urls); }
  /// Somebody who came over a websocket, as a leaf node; behind start(). Any thread.
  void adopt(actors::accepted_ptr peer);
  /// The cluster has another name, or other members. Any thread.
  void cluster_changed(const actors::cluster_view& now);

  /// What was read from files.
  struct material {
    link_certificates own;
    std::vector<hub_plan> hubs;
  };

private:
  leafs_plan_ptr plan_for(const actors::settings_ptr& now);

  caf::actor_system* system_ = nullptr;
  bool served_ = false;
  actors::bound_socket_ptr socket_;
  uint16_t port_ = 0;
  std::vector<std::string> websockets_;
  leafs_actor leafs_;
  actors::listener_actor listener_;
  std::mutex mutex_; // the actor reads what a reload writes
  material now_, next_;
  actors::settings_ptr settings_;
  actors::cluster_view cluster_;
  leafs_actor told_; // the same as `leafs_`, once it is there
};

} // namespace troupe::federation
