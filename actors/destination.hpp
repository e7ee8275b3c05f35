// actors/destination.hpp: what publishers on all reactors know of one connection.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/write_gate.hpp"
#include "protocol/peer_kind.hpp"
#include "protocol/ref_counted.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace troupe::actors {

class account;
class event_loop;
class outgoing;
class subscription;

/// Deliveries to one subscription in a row, counted where they are made and added up at home; those
/// that count towards a maximum were added at once and are missing here.
struct delivery_count {
  protocol::ref_ptr<subscription> to;
  uint64_t messages;
};

/// What publishers have written to the peer's socket themselves, for its owner to add up.
struct direct_deliveries {
  account* where = nullptr; ///< the peer's account, while the gate is open; links have none
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;
  std::vector<delivery_count> counts; ///< of links none: nobody asks for them
  /// There are so many counts that the owner has to add them up before more is written directly.
  std::atomic<bool> crowded{false};
};

/// Why a delivery to this peer cannot simply be formatted. Also used for single subscriptions.
enum quirk : uint8_t {
  quirk_none = 0,
  quirk_no_echo = 1,        ///< does not want its own messages
  quirk_no_headers = 2,     ///< headers are cut off for it
  quirk_tracks_replies = 4, ///< may publish only on reply subjects it was given
  quirk_doomed = 8,         ///< is being closed
  quirk_filtered = 16,      ///< a subscription that overlaps a denied subject
  quirk_limited = 32,       ///< a subscription with a maximum number of messages
  quirk_crossing = 128,     ///< a subscription that leads into another account: crossing.hpp
  quirk_wants_origin = 64,  ///< an internal client: is told who published each message
};

/// The shared half of a connection: everything in it is constant or atomic, so that a publisher on
/// another reactor may look at it. Outlives its connection for as long as results refer to it.
class destination : public protocol::ref_counted<destination> {
public:
  destination(uint64_t id, uint32_t index, protocol::peer_kind what, int64_t limit) noexcept;
  virtual ~destination();

  const uint64_t cid;
  const uint32_t slot; ///< index into each reactor's table of open batches
  const protocol::peer_kind kind;
  const int64_t max_pending;        ///< bytes
  caf::weak_actor_ptr mailbox;      ///< set before anybody can see this
  const event_loop* home = nullptr; ///< of the reactor that owns the socket; set with `mailbox`

  /// Bytes that left a publisher and have not been written to the peer's socket.
  std::atomic<int64_t> pending{0};
  /// The peer has taken bytes lately, so that waiting for it is worth while.
  std::atomic<bool> moving{true};
  std::atomic<uint8_t> quirks{quirk_no_headers};

  void set_quirk(quirk which, bool on) noexcept {
    if (on)
      quirks.fetch_or(which, std::memory_order_relaxed);
    else
      quirks.fetch_and(static_cast<uint8_t>(~which), std::memory_order_relaxed);
  }

  /// Writes a sealed batch to the socket, if this peer is quiet and nobody waits: see write_gate.
  /// `reactor`: who does it. After `part`, `batch` is the rest, which the owner has to be sent.
  write_gate::outcome write_directly(outgoing& batch, size_t reactor);
  write_gate gate;
  direct_deliveries direct; ///< guarded by the gate

  bool doomed() const noexcept {
    return (quirks.load(std::memory_order_relaxed) & quirk_doomed) != 0;
  }
  /// True for the one caller that may announce the end.
  bool doom() noexcept {
    return (quirks.fetch_or(quirk_doomed, std::memory_order_acq_rel) & quirk_doomed) == 0;
  }
};

using destination_ptr = protocol::ref_ptr<destination>;

} // namespace troupe::actors
