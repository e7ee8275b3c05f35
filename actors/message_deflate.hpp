// actors/message_deflate.hpp: compresses websocket messages, each for itself.
//
// Source: RFC 7692 with server_no_context_takeover and client_no_context_takeover.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::actors {

class outgoing;

/// What stands behind a message's last block and is not sent.
inline constexpr std::string_view deflate_tail{"\0\0\xff\xff", 4};

/// Compresses a batch as one message, or as several. The memory for it, 256 KiB, is the thread's.
class batch_deflater {
public:
  /// `batch` is sealed, and stays as long as this.
  explicit batch_deflater(const outgoing& batch) noexcept : batch_{batch} {}
  /// The next message, of at most `most` bytes of the batch, instead of what is in `out`. How many
  /// bytes it is made of; 0: there are no more.
  size_t next(size_t most, std::string& out);

private:
  const outgoing& batch_;
  size_t piece_ = 0, offset_ = 0; ///< what comes next
};

/// One message that is being read. A connection has one only while it is in the middle of a
/// message: it takes 40 KiB.
class inflater {
public:
  inflater();
  ~inflater();
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  struct progress {
    size_t used = 0; ///< of what came
    size_t made = 0; ///< of the room; if that is all of it, more may follow without any input
    bool broken = false;
  };
  /// Until `in` is used up or the room is full, whatever comes first: a few bytes may stand for as
  /// many megabytes as they like.
  progress go_on(std::string_view in, char* out, size_t room);
  /// All of a message has come, its tail included: is it a whole one? What was cut off in the
  /// middle of a block would have the tail read as part of it.
  bool is_complete() const noexcept;

  /// A fresh one, often one that this thread has used before.
  static std::unique_ptr<inflater> take();
  static void give_back(std::unique_ptr<inflater> one);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace troupe::actors
