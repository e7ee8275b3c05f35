// federation/peer_book.hpp: who the other members of the cluster are, and over which link.
#pragma once

#include "federation/messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::federation {

/// Decides about links whose peers have introduced themselves (routes.md sections 10 and 12). Plain
/// data: no actor, no socket, no clock.
class peer_book {
public:
  /// Who keeps the book.
  struct self {
    std::string server_id, server_name, cluster;
    bool cluster_dynamic = false;
    uint32_t pool_size = 0;               ///< 0: we have no pools
    std::vector<std::string> pinned = {}; ///< our accounts with a route of their own, sorted

    static self of(const terms& mine);
  };
  enum class verdict : uint8_t {
    admit,
    replace, ///< admitted, and `other` has to go
    adopt,   ///< admitted; the cluster is called `cluster` from now on, all others have to go
    wait,    ///< a second link to one peer: kept idle for a moment, for the peer may drop `other`
    refuse,
  };
  struct judgement {
    verdict what = verdict::refuse;
    uint64_t other = 0;
    std::string cluster;
    admission answer;
  };
  struct member {
    uint64_t rid = 0;
    bool solicited = false;
    std::string ip;
    protocol::link_info info;
    bool taken = false; ///< the peer has let this link in as well
    pool_place place;
  };
  /// More routes to one server than that nobody gets.
  static constexpr uint32_t most_slots = 256;

  judgement judge(const introduction& who, const self& mine) const;
  void admit(const introduction& who, const pool_place& place = {});
  void take(uint64_t rid);
  /// Of whichever link it came over, it is about the server.
  void update(uint64_t rid, const protocol::link_info& info);
  /// Answers which link is the main_link() of that server in the place of this one; 0: this one was
  /// not, or none is left.
  uint64_t remove(uint64_t rid);

  const member* find(uint64_t rid) const;
  /// An admitted link to that server; null: none.
  const member* with_id(std::string_view server_id) const;
  /// The one at that place.
  const member* at(std::string_view server_id, const pool_place& place) const;
  /// The first of its slots that is there: what concerns the whole server is said over it.
  const member* main_link(std::string_view server_id) const;
  /// Those of all servers.
  std::vector<const member*> main_links() const;
  /// What that server is told of the other members, an INFO each.
  std::vector<std::string> gossip_for(std::string_view server_id) const;
  const std::map<uint64_t, member>& all() const noexcept { return members_; }
  /// Nothing is to be dialled for that server at the moment.
  bool complete(std::string_view server_id, const self& mine) const;

  // Accounts that a server has pinned without us, and those that it does not take for a while.
  // Forgotten with its last link.
  void pin(const std::string& server_id, const std::string& account);
  /// Our configuration has dropped it: no server gets a route of it.
  void unpin(const std::string& account);
  void hold(const std::string& server_id, const std::string& account);
  void unhold(const std::string& server_id, const std::string& account);
  /// Accounts with a route to that server of which our configuration does not know.
  std::vector<std::string> elsewhere(std::string_view server_id, const self& mine) const;

  /// Client URLs of all members that are not about to go, each once.
  std::vector<std::string> connect_urls() const;
  /// The same for leaf nodes.
  std::vector<std::string> leafnode_urls() const;
  std::vector<std::string> websocket_urls() const;
  /// What gateways have to know of the other members.
  fellow_members fellows() const;

private:
  struct notes {
    std::set<std::string> pinned, held;
  };

  judgement judge_place(const introduction& who, const self& mine) const;
  judgement judge_duplicate(const introduction& who, const self& mine, const member& known) const;
  bool is_pinned(const std::string& server_id, const std::string& account, const self& mine) const;
  std::optional<pool_place> free_place(const std::string& server_id, int64_t its_size,
                                       bool of_troupe, const self& mine) const;

  std::map<uint64_t, member> members_;              // by rid
  std::map<std::string, notes, std::less<>> notes_; // by server
};

/// May a peer that came take part, as far as its user and password go? Nothing: it may. Not on a
/// reactor, for the password may be stored as bcrypt.
std::optional<admission> judge_login(const introduction& who, const terms& mine);

/// Has it said in CONNECT, with the right login, a name that our cluster has to take? nats-server
/// from 2.10 on ends such a connection before it says INFO.
bool names_us(const introduction& who, const terms& mine);

/// What the others are told of a member that has come.
protocol::link_info as_gossip(const peer_book::member& of);

/// Where a member that gossip tells of can be dialled; false: it does not say so.
bool address_of(const protocol::link_info& of, std::string& host, uint16_t& port);

/// host and port of a `nats-route://` URL or of a bare "host:port"; false: it is neither.
bool split_url(std::string_view url, std::string& host, uint16_t& port);

} // namespace troupe::federation
