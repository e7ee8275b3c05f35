// protocol/one_line.hpp: sentences of ours with a peer's words in them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::protocol {

/// A peer's words between quotes, escaped as by quotable().
std::string quoted(std::string_view bytes);
/// A sentence whose parts are quoted already: control bytes and what is no UTF-8 become \x01, but
/// quotation marks and backslashes stay as they are, for the marks around the quoted parts are
/// ours. At most `longest` bytes, then an ellipsis. Of what a peer says in full make something
/// quoted().
std::string on_one_line(std::string_view sentence, size_t longest = 1024);

} // namespace troupe::protocol
