// cli/header_block.hpp: message headers between people's `Key: value` and the wire's block.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::cli {

struct header_list {
  int status = 0;                                          ///< 503: no responders; 0: none
  std::string description;                                 ///< the words after the status
  std::vector<std::pair<std::string, std::string>> fields; ///< in order, duplicates kept
};

/// The block as HPUB wants it, closing blank line included; empty if there are no fields.
std::string write_header_block(const header_list& headers);

/// Never fails: what is not a header line is skipped (client-protocol.md section 6).
header_list read_header_block(std::string_view block);

/// Cuts `Key:value` as typed; false if it has no key, no colon or a line end in it.
bool parse_header_argument(std::string_view text, std::pair<std::string, std::string>& out);

} // namespace troupe::cli
