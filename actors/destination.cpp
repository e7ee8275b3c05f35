// actors/destination.cpp: what a publisher does with a peer that is quiet.
#include "actors/destination.hpp"

#include "actors/account.hpp"
#include "actors/outgoing.hpp"
#include "actors/subscription.hpp"

#include <algorithm>
#include <array>

namespace troupe::actors {
namespace {

constexpr size_t most_pieces = 8;
constexpr size_t most_counts = 8;          ///< of one batch
constexpr size_t most_counts_waiting = 64; ///< each is looked for among them

bool counts_at_once(const delivery_count& each) noexcept {
  return (each.to->quirks.load(std::memory_order_relaxed) & quirk_limited) != 0;
}

void add(std::vector<delivery_count>& all, const delivery_count& more) {
  auto known = std::find_if(all.begin(), all.end(),
                            [&](const delivery_count& each) { return each.to == more.to; });
  if (known == all.end())
    all.push_back(more);
  else
    known->messages += more.messages;
}

} // namespace

destination::destination(uint64_t id, uint32_t index, protocol::peer_kind what,
                         int64_t limit) noexcept
    : cid{id}, slot{index}, kind{what}, max_pending{limit} {}

destination::~destination() = default;

write_gate::outcome destination::write_directly(outgoing& batch, size_t reactor) {
  // A maximum that is reached, and a reply subject that was given away, are the owner's business.
  bool plain = batch.replies.empty() && !direct.crowded.load(std::memory_order_relaxed)
               && batch.pieces.size() <= most_pieces && batch.counts.size() <= most_counts
               && std::none_of(batch.counts.begin(), batch.counts.end(), counts_at_once);
  if (!plain)
    return write_gate::outcome::refused;
  std::array<iovec, most_pieces> pieces;
  size_t count = 0;
  for (const auto& each : batch.pieces)
    pieces[count++] = {const_cast<char*>(each.data), each.size};
  size_t sent = 0;
  auto out = gate.publish({pieces.data(), count}, batch.bytes_so_far(), pending, sent, [&] {
    direct.messages += batch.messages;
    direct.payload_bytes += batch.payload_bytes;
    if (!direct.where)
      return;
    direct.where->shares[reactor].out.add(batch.messages, batch.payload_bytes);
    for (const auto& each : batch.counts)
      add(direct.counts, each);
    if (direct.counts.size() >= most_counts_waiting)
      direct.crowded.store(true, std::memory_order_relaxed);
  });
  if (out == write_gate::outcome::part) {
    batch.drop_front(sent);
    batch.is_rest = true;
  }
  return out;
}

} // namespace troupe::actors
