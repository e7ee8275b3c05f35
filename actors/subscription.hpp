// actors/subscription.hpp: one SUB of one connection.
#pragma once

#include "actors/destination.hpp"
#include "protocol/interest.hpp"
#include "security/permissions.hpp"

#include <atomic>
#include <string>
#include <string_view>

namespace troupe::actors {

/// Made by its connection, seen by every publisher. `delivered` belongs to the connection's thread
/// until the subscription gets a maximum; from then on everybody counts in it.
class subscription : public protocol::interest {
public:
  /// `text`: from the sublist's share_text(), so that equal subscriptions share one string.
  subscription(protocol::ref_ptr<const protocol::subject_text> text, std::string_view id,
               destination_ptr whom)
      : protocol::interest{std::move(text), whom->kind}, sid{id}, to{std::move(whom)} {}
  /// For interest of a peer server: `what` decides as which kind of queue member it counts.
  subscription(protocol::ref_ptr<const protocol::subject_text> text, destination_ptr whom,
               protocol::peer_kind what, uint32_t weight)
      : protocol::interest{std::move(text), what, weight}, to{std::move(whom)} {}

  const std::string sid;
  const destination_ptr to;
  security::permissions_ptr filter; ///< set before it is inserted, with quirk_filtered
  std::atomic<uint64_t> delivered{0};
  std::atomic<uint64_t> maximum{0}; ///< 0: none
  std::atomic<uint8_t> quirks{quirk_none};
  uint32_t born = 0; ///< birth_time() when it was inserted, if gateways want to know; 0: long ago
};

using subscription_ptr = protocol::ref_ptr<subscription>;

} // namespace troupe::actors
