// actors/outgoing.hpp: what one batch has for one destination, ready to be written.
#pragma once

#include "actors/block.hpp"
#include "actors/destination.hpp"
#include "protocol/ref_counted.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::actors {

/// A piece of contiguous bytes and the block they lie in.
struct piece {
  const char* data;
  size_t size;
  block_ref owner;
};

/// Formatted bytes for one peer, in order. One thread fills it, then it is sealed and travels to
/// the peer's actor in one message; nobody changes it after that.
class outgoing : public protocol::ref_counted<outgoing> {
public:
  /// `hint`: bytes that are likely to come. Blocks as large as the pool's are taken from it.
  outgoing(block_pool& pool, size_t hint) noexcept : pool_{pool}, hint_{hint} {}

  /// Room for `n` contiguous bytes; call `wrote(end)` behind what was written.
  char* room(size_t n) {
    if (static_cast<size_t>(limit_ - cursor_) < n) [[unlikely]]
      grow(n);
    return cursor_;
  }
  void wrote(char* end) noexcept { cursor_ = end; }

  void append(std::string_view text) {
    auto* at = room(text.size());
    std::memcpy(at, text.data(), text.size());
    wrote(at + text.size());
  }
  /// Bytes that stay where they are: no copy, one count on their block.
  void append_slice(block* owner, std::string_view bytes);

  /// `counted`: the publisher has counted this one in the subscription already.
  void count(subscription& to, size_t payload, bool counted = false) {
    ++messages;
    payload_bytes += payload;
    if (!counts.empty() && counts.back().to.get() == &to) [[likely]]
      counts.back().messages += counted ? 0 : 1;
    else
      count_slow(to, counted ? 0 : 1);
  }

  /// Ends the writing; `pieces` and `bytes` are complete behind it.
  void seal();
  size_t bytes_so_far() const noexcept {
    return sealed_bytes_ + static_cast<size_t>(cursor_ - start_);
  }

  /// Does it keep much more memory than it has bytes? Then whoever has to keep it should copy it.
  bool is_wasteful() const noexcept;
  /// Copies the bytes of a sealed batch behind its own. For a batch that is never sealed itself:
  /// `pieces` is complete at any time, and the last one may have grown.
  void absorb(const outgoing& other);

  std::vector<piece> pieces;
  std::vector<delivery_count> counts;
  std::vector<std::string> replies; ///< reply subjects that the peer may answer on
  /// For internal clients: who published each message, in their order.
  std::vector<protocol::ref_ptr<const destination>> origins;
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;
  bool is_rest = false; ///< a publisher has written what came before: see write_gate

  /// The first `n` bytes of a sealed batch have been written.
  void drop_front(size_t n);

private:
  void grow(size_t n);
  void close_piece();
  void extend_piece();
  void count_slow(subscription& to, uint64_t messages_more);

  block_pool& pool_;
  size_t hint_;
  block_ref block_;
  char* start_ = nullptr; // of the piece being written
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  size_t sealed_bytes_ = 0;
};

using outgoing_ptr = protocol::ref_ptr<outgoing>;

} // namespace troupe::actors
