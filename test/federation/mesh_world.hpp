// test/federation/mesh_world.hpp: a cluster of brokers without sockets, threads or time.
#pragma once

#include "test/federation/mesh_broker.hpp"
#include "test/federation/mesh_plan.hpp"

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace troupe::test {

/// One message that reached one subscription, in the order of arrival.
struct mesh_delivery {
  uint32_t subscription = 0;
  std::string payload;  ///< "7 ACC1 2": message 7, published in ACC1 at broker 2; "r7.3": an answer
  uint32_t account = 0; ///< of the one who got it
  std::string subject = {};
};

/// Brokers as far as routing goes: accounts, sublist, router and route sessions are the real ones;
/// sockets, the cluster actor and the connections of clients are not there. Links are pipes that
/// hand over bytes in pieces of any size, each direction at its own pace.
class mesh_world {
public:
  mesh_world(const mesh_plan& plan, actor_world& stage);
  mesh_world(const mesh_world&) = delete;
  mesh_world& operator=(const mesh_world&) = delete;
  ~mesh_world();

  void apply(const mesh_step& step);
  /// Nothing is on its way.
  bool idle() const;

  const std::vector<mesh_delivery>& heard() const noexcept { return heard_; }
  void forget() { heard_.clear(); }
  /// What should not happen, whatever is published: a link that ends, or no end of work.
  const std::string& trouble() const noexcept { return trouble_; }

private:
  struct cable {
    uint32_t a = 0, b = 0; ///< who dialled, who accepted
    federation::pool_place place = {};
    std::unique_ptr<mesh_end> ends[2];
  };
  struct answer {
    mesh_client* by;
    std::string subject, payload;
  };

  struct interest {
    mesh_client* whose;
    actors::subscription_ptr what;
    std::vector<actors::shadow_ptr> shadows; ///< in accounts whose streams it takes
  };

  mesh_client& client_of(uint32_t broker, uint32_t account);
  void connect(uint32_t a, uint32_t b);
  void connect_leaf(uint32_t leaf, uint32_t hub);
  void connect_gateway(uint32_t from, uint32_t to);
  void connect_route(uint32_t a, uint32_t b, const federation::pool_place& place);
  void cut(uint32_t a, uint32_t b, uint32_t slot);
  void subscribe(uint32_t id, mesh_client& whom, const std::string& subject,
                 const std::string& queue);
  void follow_imports(interest& one);
  void reload(uint32_t share);
  void unsubscribe(uint32_t id);
  void drop(interest& one, actors::interest_news* news);
  void publish(mesh_client& by, const std::string& subject, const std::string& reply,
               const std::string& payload, bool with_header);
  void hear(mesh_client& whom, std::string_view wire);
  bool progress();
  void settle();

  mesh_plan shape_; ///< without steps
  actor_world& stage_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<mesh_broker>> brokers_;
  std::deque<cable> cables_;
  std::vector<std::unique_ptr<mesh_end>> graves_; ///< ends of links that were cut
  std::map<uint32_t, interest> subscriptions_;
  std::set<uint32_t> ended_; ///< shares
  std::vector<uint32_t> inboxes_;
  std::deque<answer> answers_;
  std::vector<mesh_delivery> heard_;
  std::string trouble_;
};

} // namespace troupe::test
