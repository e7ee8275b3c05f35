// cli/message_printer.hpp: writes received messages to standard output, for people or programs.
#pragma once

#include "cli/client.hpp"

#include <cstdint>

namespace troupe::cli {

enum class print_mode : uint8_t { plain, headers, raw, json };

class message_printer {
public:
  explicit message_printer(print_mode mode) : mode_{mode} {}

  /// False if nobody reads our output any more (`| head`): then end quietly.
  bool print(const message& msg);
  uint64_t printed() const { return printed_; }

private:
  void print_for_people(const message& msg) const;

  print_mode mode_;
  uint64_t printed_ = 0;
};

/// The message as one JSON object: subject, reply, status, headers, size, and `payload` (UTF-8) or
/// `payload_base64`.
std::string message_as_json(const message& msg);

} // namespace troupe::cli
