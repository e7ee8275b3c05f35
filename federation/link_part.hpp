// federation/link_part.hpp: all links of one kind, as the broker starts, reloads and ends them.
#pragma once

#include "actors/account.hpp"
#include "actors/link_keeper.hpp"
#include "actors/settings.hpp"
#include "actors/snapshot.hpp"
#include "protocol/forwarding.hpp"

#include <string>
#include <vector>

namespace troupe::federation {

/// Routes, gateways or leaf nodes, or what lets clients and leaf nodes in over websockets: one of
/// each for a broker, held by links.hpp. Called as actors::link_keeper is.
class link_part {
public:
  link_part() = default;
  link_part(const link_part&) = delete;
  link_part& operator=(const link_part&) = delete;
  virtual ~link_part() = default;

  /// Binds what the options want bound, and reads the certificates. Empty: done.
  virtual std::vector<std::string> prepare(const config::options& options) = 0;
  /// After prepare(): the roles of the links that there can be.
  virtual std::vector<protocol::peer_role> served() const = 0;
  /// Has it anything to do? Else none of the functions below is called.
  virtual bool active() const { return !served().empty(); }
  virtual void start(caf::actor_system& sys, actors::core& shared, const actors::settings_ptr& now,
                     const actors::link_keeper::changed& tell) = 0;
  virtual std::vector<std::string> check(const config::options& options) = 0;
  virtual void apply(const actors::settings_ptr& next) = 0;
  virtual void lame_duck() = 0;
  /// Its actors end; does not wait for that.
  virtual void stop() = 0;
  virtual void account_changed(const actors::account_ptr& which) = 0;
  virtual std::vector<actors::actor_snapshot> tree() const = 0;
};

} // namespace troupe::federation
