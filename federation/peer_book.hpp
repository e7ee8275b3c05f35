// federation/peer_book.hpp: who the other members of the cluster are, and over which link.
#pragma once

#include "federation/messages.hpp"

#include <cstdint>
#include <map>
#include <string>
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
  };

  judgement judge(const introduction& who, const self& mine) const;
  void admit(const introduction& who);
  void take(uint64_t rid);
  void update(uint64_t rid, const protocol::link_info& info);
  void remove(uint64_t rid);

  const member* find(uint64_t rid) const;
  /// The admitted link to that server; null: none.
  const member* with_id(std::string_view server_id) const;
  const std::map<uint64_t, member>& all() const noexcept { return members_; }

  /// Client URLs of all members that are not about to go, each once.
  std::vector<std::string> connect_urls() const;
  /// The same for leaf nodes.
  std::vector<std::string> leafnode_urls() const;
  /// What gateways have to know of the other members.
  fellow_members fellows() const;

private:
  std::map<uint64_t, member> members_; // by rid
};

/// What the others are told of a member that has come.
protocol::link_info as_gossip(const peer_book::member& of);

/// Where a member that gossip tells of can be dialled; false: it does not say so.
bool address_of(const protocol::link_info& of, std::string& host, uint16_t& port);

/// host and port of a `nats-route://` URL or of a bare "host:port"; false: it is neither.
bool split_url(std::string_view url, std::string& host, uint16_t& port);

} // namespace troupe::federation
