// actors/observer.hpp: who hears of what happens to the broker's connections.
#pragma once

#include "actors/account.hpp"
#include "actors/snapshot.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::actors {

enum class happening : uint8_t {
  connected,    ///< its login was accepted
  kept,         ///< its login holds after a reload
  disconnected, ///< for whatever reason, also before it ever logged in
  refused,      ///< its credentials are not good; `disconnected` follows
  denied,       ///< it may not publish or subscribe where it wanted to
  commanded,    ///< it asked, over the system account, for a change of the broker
};

enum class account_change : uint8_t { added, changed, removed };

struct notice {
  happening what;
  account_ptr where; ///< the connection's account at that moment
  connection_snapshot who;
  wall_time when;
  /// `denied` and `commanded`: what it wanted; `refused`: why, if an auth callout said so, for
  /// nobody outside of `where`.
  std::string detail = {};
};

/// One for a broker; made before the first connection comes, and outlives the last.
class observer {
public:
  observer() = default;
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  virtual ~observer() = default;

  // -- called on the reactors' threads: must not wait, and costs little if nobody listens ---------

  /// Asked before a notice is made.
  virtual bool wants(happening what, const account& where) const = 0;
  virtual void note(notice what) = 0;
  /// `where` has so many connections now.
  virtual void counted(const account_ptr& where, int64_t connections) = 0;
  /// Its rules, or that it is there at all.
  virtual void account_changed(const account_ptr& which, account_change what) = 0;

  // -- called by whoever runs the broker ----------------------------------------------------------

  /// New settings are in force.
  virtual void reloaded() = 0;
  /// Clients will be sent away.
  virtual void lame_duck() = 0;
  /// The broker ends. Its reactors still run; when this returns, the observer's actors do not.
  virtual void farewell() = 0;
  /// The observer's actors, with their paths below "broker".
  virtual std::vector<actor_snapshot> tree() const = 0;
};

} // namespace troupe::actors
