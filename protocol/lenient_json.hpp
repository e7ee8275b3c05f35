// protocol/lenient_json.hpp: the JSON of peers, read as forgivingly as the peers they were made
// for.
#pragma once

#include <nlohmann/json.hpp>

#include <string_view>

namespace troupe::protocol {

/// The document, or a discarded value if `text` is none. What is no UTF-8, or half a surrogate
/// pair, becomes U+FFFD.
nlohmann::json parse_lenient(std::string_view text);

/// Are the names equal without regard to the case of ASCII letters?
bool equal_fold(std::string_view a, std::string_view b);

} // namespace troupe::protocol
