// monitor/source.hpp: where the answers take their figures from.
#pragma once

#include "actors/link_keeper.hpp"
#include "actors/snapshot.hpp"
#include "config/options.hpp"
#include "protocol/sublist.hpp"
#include "security/account_trust.hpp"
#include "security/sharing.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::actors {
class broker;
}

namespace troupe::monitor {

/// What is known of the broker itself at one moment.
struct server_facts {
  std::string server_id;
  std::string server_name;
  std::string nats_version;   ///< the release whose behaviour clients may expect
  std::string troupe_version; ///< our own
  std::string git_commit;     ///< empty: unknown
  std::string host;           ///< where clients connect, before any `advertise`
  uint16_t port = 0;
  size_t reactors = 0;
  config::options options;
  actors::server_snapshot figures;
  std::string cluster_name;              ///< also one that was made up; empty: none
  uint16_t cluster_port = 0;             ///< 0: no peers can come
  std::vector<std::string> connect_urls; ///< told to clients; empty: there are no other members
  uint16_t gateway_port = 0;             ///< 0: no other clusters can come
  uint16_t leafnode_port = 0;            ///< 0: no leaf nodes can come
  uint16_t websocket_port = 0;           ///< 0: nobody comes over websockets
  size_t leafs = 0;                      ///< links to leaf nodes and hubs
  size_t routes = 0;
  size_t remotes = 0; ///< servers at the other ends of the routes
  /// When the certificate of the client listener ends; absent without TLS.
  std::optional<actors::wall_time> certificate_end;
};

/// What is known of one account.
struct account_facts {
  security::account_rules rules;
  security::account_trust_ptr trust; ///< operator mode: what is left of its JWT; null: it has none
  std::shared_ptr<const security::account_sharing> shared; ///< null: it shares nothing
  std::vector<security::import_rule> of_the_broker;        ///< what every account imports
  bool is_system = false;
  bool expired = false; ///< its JWT, that is
  actors::account_snapshot figures;
  protocol::sublist_stats interest;
  actors::wall_time changed; ///< when its rules were read last
};

/// Asked by the threads of the HTTP server, the admin socket and the services, at the same time.
class source {
public:
  source() = default;
  source(const source&) = delete;
  source& operator=(const source&) = delete;
  virtual ~source() = default;

  /// Is the client listener up, and not in lame duck?
  virtual bool ready() const = 0;
  virtual server_facts server() const = 0;
  /// Parts of server() that cost less.
  virtual std::string server_id() const = 0;
  virtual std::string system_account() const = 0;
  virtual size_t reactors() const = 0;
  virtual actors::server_snapshot figures() const = 0;
  virtual std::vector<actors::connection_snapshot>
  connections(const actors::connection_query& which) const = 0;
  virtual std::vector<actors::route_snapshot> routes(bool subscriptions) const = 0;
  virtual std::vector<actors::gateway_snapshot> gateways(bool accounts,
                                                         bool subscriptions) const = 0;
  virtual std::vector<actors::leaf_snapshot> leafs(bool subscriptions) const = 0;
  /// Nothing: there is no such account.
  virtual std::optional<account_facts> account(const std::string& name) const = 0;
  /// Of one account, or summed over all.
  virtual protocol::sublist_stats sublist_stats(const std::string& account) const = 0;
  virtual std::vector<actors::subscription_snapshot>
  subscriptions(const std::string& account) const = 0;
  /// Every actor, parents before children.
  virtual std::vector<actors::actor_snapshot> tree() const = 0;
};

/// A running broker: begin to ask when start() has returned, end before stop() is called.
class broker_source final : public source {
public:
  explicit broker_source(const actors::broker& from) : from_{from} {}

  bool ready() const override;
  server_facts server() const override;
  std::string server_id() const override;
  std::string system_account() const override;
  size_t reactors() const override;
  actors::server_snapshot figures() const override;
  std::vector<actors::connection_snapshot>
  connections(const actors::connection_query& which) const override;
  std::vector<actors::route_snapshot> routes(bool subscriptions) const override;
  std::vector<actors::gateway_snapshot> gateways(bool accounts, bool subscriptions) const override;
  std::vector<actors::leaf_snapshot> leafs(bool subscriptions) const override;
  std::optional<account_facts> account(const std::string& name) const override;
  protocol::sublist_stats sublist_stats(const std::string& account) const override;
  std::vector<actors::subscription_snapshot>
  subscriptions(const std::string& account) const override;
  std::vector<actors::actor_snapshot> tree() const override;

private:
  const actors::broker& from_;
};

} // namespace troupe::monitor
