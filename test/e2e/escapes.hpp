// test/e2e/escapes.hpp: how bytes are written in case files and shown in transcripts.
#pragma once
#include <string>
#include <string_view>

namespace troupe::e2e {
/// Bytes for what an author wrote: \r \n \t \\ \" \xNN, and ${N*text} for N times text, which may
/// hold another ${...}. Throws std::invalid_argument naming what is wrong.
std::string unescape(std::string_view text);

/// Printable form of any bytes; longer ones are cut at `most` with their length said.
std::string printable(std::string_view bytes, size_t most = 400);
} // namespace troupe::e2e
