// monitor/snappy_frames.hpp: texts in Snappy's framing format, a stream that says where it ends.
//
// Source: framing_format.txt of the Snappy library, "Snappy framing format description".
#pragma once

#include <string>
#include <string_view>

namespace troupe::monitor {

/// The whole stream: its identifier, then chunks of at most 64 KiB of the text, each with the
/// CRC-32C of what it holds.
std::string snappy_frames(std::string_view text);

} // namespace troupe::monitor
