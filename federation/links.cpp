// federation/links.cpp: one keeper made of a part for each kind of link.
#include "federation/links.hpp"

#include "actors/link_registry.hpp"
#include "federation/cluster_links.hpp"
#include "federation/gateway_links.hpp"
#include "federation/leaf_links.hpp"
#include "federation/link_part.hpp"
#include "federation/websocket_links.hpp"

#include <array>

namespace troupe::federation {
namespace {

class links final : public actors::link_keeper {
public:
  std::vector<std::string> prepare(const config::options& options) override {
    std::vector<std::string> problems;
    for (auto* each : parts())
      for (auto& one : each->prepare(options))
        problems.push_back(std::move(one));
    return problems;
  }

  std::unique_ptr<actors::link_registry> make_registry() override {
    std::vector<protocol::peer_role> served;
    for (const auto* each : parts())
      for (auto role : each->served())
        served.push_back(role);
    if (served.empty())
      return {};
    return std::make_unique<actors::link_registry>(served);
  }

  void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
             changed tell) override {
    routes_.offer_leafnodes(leafs_.urls(now->options.leafnodes));
    routes_.offer_websockets(websockets_.urls(now->options.websocket));
    leafs_.offer_websockets(websockets_.urls(now->options.websocket));
    if (leafs_.port() != 0)
      websockets_.lead_leafs([this](actors::accepted_ptr peer) { leafs_.adopt(std::move(peer)); });
    routes_.offer_gateway(
        gateways_.url(now->options.gateway),
        [this](const protocol::link_info& said) { gateways_.hear(said); },
        [this](fellow_members members) { gateways_.members_changed(std::move(members)); });
    gateways_.gossip_by([this](const std::string& cluster, const std::string& line) {
      routes_.tell_members(cluster, line);
    });
    auto told = [this, tell = std::move(tell)](const actors::cluster_view& view) {
      if (!leafs_.served().empty())
        leafs_.cluster_changed(view);
      tell(view);
    };
    for (auto* each : active())
      each->start(sys, shared, now, told);
  }

  std::vector<std::string> check(const config::options& options) override {
    std::vector<std::string> problems;
    for (auto* each : active())
      for (auto& one : each->check(options))
        problems.push_back(std::move(one));
    return problems;
  }

  void apply(const actors::settings_ptr& next) override {
    for (auto* each : active())
      each->apply(next);
  }

  void lame_duck() override {
    for (auto* each : active())
      each->lame_duck();
  }

  void stop() override {
    for (auto* each : active())
      each->stop();
  }

  void account_changed(const actors::account_ptr& which) override {
    for (auto* each : active())
      each->account_changed(which);
  }

  std::vector<actors::route_snapshot> routes(bool subscriptions) const override {
    return routes_.served().empty() ? std::vector<actors::route_snapshot>{}
                                    : routes_.routes(subscriptions);
  }

  std::vector<actors::gateway_snapshot> gateways(bool accounts, bool subscriptions) const override {
    return gateways_.served().empty() ? std::vector<actors::gateway_snapshot>{}
                                      : gateways_.gateways(accounts, subscriptions);
  }

  std::vector<actors::leaf_snapshot> leafs(bool subscriptions) const override {
    return leafs_.served().empty() ? std::vector<actors::leaf_snapshot>{}
                                   : leafs_.leafs(subscriptions);
  }

  std::vector<actors::actor_snapshot> tree() const override {
    std::vector<actors::actor_snapshot> out;
    for (const auto* each : active()) {
      auto part = each->tree();
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }

  uint16_t cluster_port() const noexcept override { return routes_.port(); }
  uint16_t gateway_port() const noexcept override { return gateways_.port(); }
  uint16_t leafnode_port() const noexcept override { return leafs_.port(); }
  uint16_t websocket_port() const noexcept override { return websockets_.port(); }

private:
  static constexpr size_t kinds = 4;

  std::array<link_part*, kinds> parts() { return {&gateways_, &routes_, &leafs_, &websockets_}; }
  std::array<const link_part*, kinds> parts() const {
    return {&gateways_, &routes_, &leafs_, &websockets_};
  }

  template <class Parts>
  static auto active_of(const Parts& all) {
    std::vector<typename Parts::value_type> out;
    for (auto* each : all)
      if (each->active())
        out.push_back(each);
    return out;
  }
  std::vector<link_part*> active() { return active_of(parts()); }
  std::vector<const link_part*> active() const { return active_of(parts()); }

  cluster_links routes_;
  gateway_links gateways_;
  leaf_links leafs_;
  websocket_links websockets_;
};

} // namespace

std::unique_ptr<actors::link_keeper> make_links() {
  return std::make_unique<links>();
}

} // namespace troupe::federation
