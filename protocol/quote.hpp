// protocol/quote.hpp: bytes of a peer, fit to stand between double quotes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::protocol {

/// As `-ERR` texts and log lines show subjects (client-protocol.md section 4): `"` and `\` are
/// escaped, control bytes and what is no UTF-8 become \x01; printable Unicode stays. At most
/// `longest` bytes are shown, then an ellipsis.
std::string quotable(std::string_view bytes, size_t longest = 4096);

} // namespace troupe::protocol
