// cli/bench_publisher.hpp: one publishing connection that writes prebuilt blocks of messages.
#pragma once

#include "cli/bench_plan.hpp"
#include "cli/session.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cli {

/// Many PUB (HPUB) operations of one length, back to back.
class publish_block {
public:
  publish_block(const load_plan& plan, uint32_t publisher);

  size_t message_size() const { return message_size_; } ///< one operation, on the wire
  size_t messages() const { return bytes_.size() / message_size_; }
  const char* data() const { return bytes_.data(); }
  /// Writes publisher and sequence numbers into the first `count` payloads, from `first` on.
  void number(uint64_t first, size_t count);

private:
  std::string bytes_;
  size_t message_size_ = 0;
  size_t payload_at_ = 0; ///< offset of the payload within a message
  uint32_t publisher_;
};

/// With --verify a payload opens with this many hexadecimal digits: 4 of the publisher, 12 of the
/// sequence number.
constexpr size_t stamp_size = 16;

class bench_publisher {
public:
  /// `progress` counts the messages of all publishers that were handed to the kernel.
  bench_publisher(const load_plan& plan, uint32_t number, session opened,
                  std::atomic<uint64_t>& progress);

  enum class step_result : uint8_t { again, blocked, waiting, done, failed };
  /// Writes a few blocks. `again`: more can be written; `blocked`: wait for writability; `waiting`:
  /// only the last PONG is missing.
  step_result write();
  /// Hears what the server says: PONG, PING, -ERR.
  step_result read();

  int fd() const { return session_.link.fd(); }
  const problem& why_failed() const { return why_; }
  steady_time first_write() const { return first_write_; }
  steady_time last_pong() const { return last_pong_; }
  uint64_t bytes() const { return bytes_; }

private:
  struct ear;
  void begin_block();
  step_result failed(problem why);

  const load_plan& plan_;
  session session_;
  publish_block block_;
  std::atomic<uint64_t>& progress_;
  uint64_t left_; ///< messages not yet in a finished block
  uint64_t next_number_ = 0;
  size_t in_block_ = 0; ///< messages of the block being written
  size_t written_ = 0;  ///< bytes of it
  std::string small_;   ///< PONG and PING, only between two blocks
  uint64_t bytes_ = 0;
  bool done_ = false;
  bool asked_ = false; ///< the closing PING is queued
  problem why_;
  steady_time first_write_{};
  steady_time last_pong_{};
};

} // namespace troupe::cli
