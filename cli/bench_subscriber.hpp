// cli/bench_subscriber.hpp: one subscribing connection that counts messages by their length.
#pragma once

#include "cli/bench_plan.hpp"
#include "cli/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cli {

/// All messages of a load have one length on the wire. The first is parsed; from then on whole
/// blocks are counted by jumping from message to message and looking that each opens as it must;
/// whatever else the server says in between (PING, INFO, -ERR) shows at such a place and is parsed.
class bench_subscriber {
public:
  /// `expected` messages make it complete (0: somebody else decides, as in a queue group).
  bench_subscriber(const load_plan& plan, session opened, uint64_t expected);

  enum class read_result : uint8_t { again, drained, failed };
  /// Reads once through `scratch`, which is shared by a thread's subscribers and must hold two
  /// messages and more.
  read_result read(std::vector<char>& scratch);

  int fd() const { return session_.link.fd(); }
  uint64_t received() const { return received_; }
  uint64_t bytes() const { return bytes_; } ///< of messages, on the wire
  bool is_complete() const { return expected_ != 0 && received_ >= expected_; }
  uint64_t missing() const { return received_ >= expected_ ? 0 : expected_ - received_; }
  const problem& why_failed() const { return why_; }

private:
  struct ear;
  size_t consume(std::string_view in);
  size_t count_by_length(std::string_view in);
  void check_stamp(std::string_view payload);

  const load_plan& plan_;
  session session_; ///< its `unread` is the carry between two reads
  uint64_t expected_;
  uint64_t received_ = 0;
  uint64_t bytes_ = 0;
  size_t message_size_ = 0;            ///< 0: not yet known
  char lead_ = 'M';                    ///< what a message opens with
  std::string answers_;                ///< PONGs to be written
  std::vector<uint64_t> next_numbers_; ///< with verify: by publisher
  problem why_;
  bool failed_ = false;
};

} // namespace troupe::cli
