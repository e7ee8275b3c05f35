// security/strict_json.hpp: JSON from strangers: bounded, and with one meaning only. For .cpp
// files.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace troupe::security {

/// The document, or what is wrong with it. Refused besides what is no JSON: nesting deeper than
/// `max_depth` (before it is built), a key twice in one object (readers disagree on who wins), text
/// that is not UTF-8.
std::variant<nlohmann::json, std::string> parse_strictly(std::string_view text, int max_depth);

/// As Go writes it, on whose bytes the ids of JWTs depend: `<`, `>` and `&` escaped. Throws on text
/// that is not UTF-8.
std::string dump_like_go(const nlohmann::json& document);

} // namespace troupe::security
