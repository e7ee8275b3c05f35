// federation/cluster_remotes.hpp: whom the cluster dials, and whether it is at it.
#pragma once

#include "federation/cluster.hpp"
#include "federation/dialer.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>

namespace troupe::federation {

/// The addresses that the configuration names or gossip has told of, each with its dialer. One
/// address is dialled for one connection after the other, until its server is complete
/// (peer_book). Belongs to the cluster's actor.
class cluster_remotes {
public:
  struct remote {
    uint64_t number = 0;
    configured_remote where;
    bool configured = false;
    dialer_actor dialer;
    std::string peer;      ///< the id of the server that it led to last
    bool dialling = false; ///< its dialer is at work
    uint64_t rid = 0;      ///< its link that the peer has not let in yet
    bool dead = false;     ///< it is this broker itself
  };
  using spawner = std::function<dialer_actor(dial_plan)>;
  /// Has that server all connections that it can have?
  using judge = std::function<bool(const std::string& server_id)>;

  cluster_remotes(spawner make, judge complete)
      : make_{std::move(make)}, complete_{std::move(complete)} {}

  /// Those that are new are dialled; those that are no longer wanted are handed to `removed`, and
  /// forgotten.
  void follow(const cluster_plan& plan, const std::function<void(const remote&)>& removed);
  /// Gossip tells of a member there, or, by the address that it has given itself, at `other`.
  void learn(const cluster_plan& plan, const configured_remote& where,
             const configured_remote& other);
  void gave_up(uint64_t number);
  void end();

  /// A connection was made, as link `rid`; null: nobody wants it any more.
  remote* connected(uint64_t number, uint64_t rid);
  /// Where that remote's link led.
  void met(uint64_t number, const std::string& server_id);
  void is_self(uint64_t number);
  /// The peer has let the link in: the next one can be dialled.
  void settled(uint64_t rid);
  /// The link has gone, and with it a link to `server_id`, if that is not empty.
  void ended(uint64_t number, uint64_t rid, const std::string& server_id);
  /// There is something to be dialled again for that server.
  void wake(const std::string& server_id);
  void wake_all();

  size_t size() const noexcept { return all_.size(); }
  const std::map<uint64_t, remote>& all() const noexcept { return all_; }

private:
  void add(const cluster_plan& plan, const configured_remote& where, bool configured);
  enum class pause : uint8_t { none, short_one, second };
  void dial(remote& whom, pause before);

  spawner make_;
  judge complete_;
  std::map<uint64_t, remote> all_; // by number
  uint64_t last_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

/// What a link has to know of whom it was dialled for.
dialled_remote dialled_for(const cluster_remotes::remote& whom, const cluster_plan& plan);

} // namespace troupe::federation
