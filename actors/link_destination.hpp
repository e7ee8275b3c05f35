// actors/link_destination.hpp: what publishers on all reactors know of a link to another server.
#pragma once

#include "actors/account.hpp"
#include "actors/destination.hpp"
#include "protocol/forwarding.hpp"
#include "protocol/link_limits.hpp"
#include "protocol/route_pool.hpp"
#include "security/permissions.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace troupe::actors {

/// The shared half of a route, of one direction of a gateway, or of a leafnode connection. It goes
/// into the registry when the peer is known; what is not atomic stays as it is from then on.
class link_destination final : public destination {
public:
  link_destination(uint64_t id, uint32_t index, protocol::peer_role what, int64_t limit) noexcept
      : destination{id, index, kind_of(what), limit}, role{what} {
    quirks = quirk_none;
  }

  /// May it have to be told of interest in that account? Those that are not pinned to a route may
  /// still be elsewhere; the link knows.
  bool concerns(const actors::account& which) const noexcept {
    if (account)
      return account.get() == &which;
    if (!pinned.empty())
      return which.name == pinned;
    return protocol::slot_of_account(which.name, pool_size) == pool_index;
  }
  /// Do both concern the same accounts?
  bool shares_accounts(const link_destination& other) const noexcept {
    return account == other.account && pinned == other.pinned && pool_size == other.pool_size
           && pool_index == other.pool_index;
  }
  /// Do its verbs name accounts?
  bool names_account() const noexcept { return !protocol::is_leaf(role) && pinned.empty(); }

  protocol::peer_role role;  ///< which end of a leaf's link we are, its peer may have a say in
  bool headers = true;       ///< it takes HMSG
  bool leaf_origins = false; ///< a route's peer that takes LS+ and LMSG (`lnoc`)
  std::string hash;          ///< short_hash() of a gateway's remote name, or of a route's peer id
  account_ptr account;       ///< of a leaf: the one account; null: it carries all
  std::string pinned;        ///< of a route: its one account; empty: it has a slot of a pool
  uint32_t pool_size = 1;    ///< of a route: between so many slots our accounts are divided
  uint32_t pool_index = 0;   ///< and this is its own, for what its peer is told
  /// Bytes behind a verb that may be written to it; what makes a longer line does not pass.
  size_t longest_line = protocol::longest_common_line;
  bool isolated = false; ///< of a leaf: it hears nothing of other leafs
  /// Of a leaf: `may_publish()` says which subjects may go there; null: all.
  security::permissions_ptr sends;
  /// To the peer and back, in nanoseconds; before the first answer the peer counts as far away.
  std::atomic<int64_t> rtt{std::numeric_limits<int64_t>::max()};

  /// Of a leaf: the cluster at the other end; of a gateway: the remote's name.
  std::string_view cluster() const noexcept {
    return cluster_ ? cluster_->subject() : std::string_view{};
  }
  /// The same to keep, for all interest of a leaf is counted under it; null: it has none.
  const protocol::ref_ptr<const protocol::subject_text>& cluster_text() const noexcept {
    return cluster_;
  }
  void set_cluster(std::string_view name) {
    cluster_ = name.empty() ? nullptr : protocol::subject_text::make(name);
  }

private:
  protocol::ref_ptr<const protocol::subject_text> cluster_;

  static constexpr protocol::peer_kind kind_of(protocol::peer_role what) noexcept {
    switch (what) {
    case protocol::peer_role::client: return protocol::peer_kind::client;
    case protocol::peer_role::route: return protocol::peer_kind::route;
    case protocol::peer_role::gateway_in: return protocol::peer_kind::gateway;
    case protocol::peer_role::gateway_out: return protocol::peer_kind::gateway;
    case protocol::peer_role::leaf_down: return protocol::peer_kind::leafnode;
    case protocol::peer_role::leaf_up: return protocol::peer_kind::leafnode;
    }
    return protocol::peer_kind::client;
  }
};

using link_destination_ptr = protocol::ref_ptr<link_destination>;

} // namespace troupe::actors
