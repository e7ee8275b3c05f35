// cli/actor_table.hpp: a broker's actor tree as a table for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::cli {

struct actor_row {
  std::string path; ///< "broker/reactor/0"
  std::string place;
  std::string state;
  uint64_t mailbox = 0;
  uint64_t in_messages = 0, out_messages = 0, in_bytes = 0, out_bytes = 0;
};

/// A heading and one line per actor, each below its parent and indented by two more; an actor whose
/// parent is not among `rows` stands at the margin. Lines end without blanks.
std::string actor_table(const std::vector<actor_row>& rows);

/// Four digits at most: "9999", "12.3k", "4.57M", "1.2G".
std::string short_count(uint64_t value);
/// The same with binary units: "1023", "1.5K", "64M".
std::string short_size(uint64_t bytes);

} // namespace troupe::cli
