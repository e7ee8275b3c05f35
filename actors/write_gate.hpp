// actors/write_gate.hpp: who may write to a socket, its owner or a publisher on another thread.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

namespace troupe::actors {

/// A peer whose reactor sleeps and that has nothing pending is written to by the publisher itself:
/// that spares a wake-up of the reactor, which is most of what a single message costs. The owner
/// opens the gate for plain sockets only, and writes through it as everybody else.
/// What is `pending` (bytes that somebody has for the peer) decides about the order: whoever adds
/// to it hands its bytes to the owner, and no publisher passes the gate until it is back at zero.
class write_gate {
public:
  enum class outcome : uint8_t {
    refused, ///< nothing was written
    whole,
    part, ///< the rest was added to `pending`; the owner writes nothing until rest_came()
  };

  /// Owner. From here on publishers may write to `fd`, until close(); it never blocks.
  void open(int fd) noexcept;
  /// Owner. When it returns, nobody writes any more.
  void close() noexcept;

  /// Any thread; waits for nobody. `total`: bytes of all pieces. `written()` is called with the
  /// gate held when the peer's socket has taken everything; `sent` says how much it has taken.
  template <class F>
  outcome publish(std::span<const iovec> pieces, size_t total, std::atomic<int64_t>& pending,
                  size_t& sent, F&& written) {
    std::unique_lock guard{mutex_, std::try_to_lock};
    if (!guard || pending.load(std::memory_order_acquire) != 0)
      return outcome::refused;
    sent = write(pieces);
    if (sent == total) {
      written();
      return outcome::whole;
    }
    if (sent == 0)
      return outcome::refused;
    rest_is_coming_ = true;
    pending.fetch_add(static_cast<int64_t>(total - sent), std::memory_order_relaxed);
    return outcome::part;
  }

  /// Owner: `write()` with the gate held. False if a publisher's rest has to come first.
  template <class F>
  bool pass(F&& write) {
    std::lock_guard guard{mutex_};
    if (rest_is_coming_)
      return false;
    write();
    return true;
  }
  /// Owner: what publishers noted while they held the gate can be read in `look()`.
  template <class F>
  void hold(F&& look) {
    std::lock_guard guard{mutex_};
    look();
  }
  /// Owner: the rest is in the first place of what it will write.
  void rest_came() noexcept;

private:
  /// How many bytes the socket took; 0 if it is shut, full or broken: its owner will find out.
  size_t write(std::span<const iovec> pieces) noexcept;

  std::mutex mutex_;
  int fd_ = -1;
  bool rest_is_coming_ = false;
};

} // namespace troupe::actors
