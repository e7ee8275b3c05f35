// federation/websocket_links.hpp: where clients and leaf nodes come in over websockets.
#pragma once

#include "actors/listener.hpp"
#include "actors/websocket_door.hpp"
#include "federation/link_part.hpp"

#include <functional>
#include <mutex>

namespace troupe::federation {

/// The listener of the block `websocket`. Whoever asks for a path that ends in /leafnode becomes a
/// leaf node of ours, everybody else a client.
class websocket_links final : public link_part {
public:
  std::vector<std::string> prepare(const config::options& options) override;
  std::vector<protocol::peer_role> served() const override { return {}; }
  bool active() const override { return socket_ != nullptr; }
  void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
             const actors::link_keeper::changed& tell) override;
  std::vector<std::string> check(const config::options& options) override;
  void apply(const actors::settings_ptr& next) override;
  void lame_duck() override;
  void stop() override;
  void account_changed(const actors::account_ptr&) override {}
  std::vector<actors::actor_snapshot> tree() const override;

  uint16_t port() const noexcept { return port_; } ///< 0: nobody comes that way
  /// Where this broker is reached that way, "host:port" each; empty: nowhere.
  std::vector<std::string> urls(const config::websocket_options& from) const;
  /// Leaf nodes go there; before start(). Without it they are refused.
  void lead_leafs(std::function<void(actors::accepted_ptr)> there) { to_leafs_ = std::move(there); }

private:
  actors::websocket_door_terms terms_now() const;

  caf::actor_system* system_ = nullptr;
  actors::bound_socket_ptr socket_;
  uint16_t port_ = 0;
  std::function<void(actors::accepted_ptr)> to_leafs_;
  std::vector<actors::listener_actor> listeners_;
  mutable std::mutex mutex_; // reactors read what a reload writes
  actors::websocket_door_terms terms_;
  security::tls_context_ptr next_tls_;
};

} // namespace troupe::federation
