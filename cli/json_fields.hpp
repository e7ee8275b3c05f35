// cli/json_fields.hpp: fields of what brokers answer, which may lack any of them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace troupe::cli {

// A field that is not there, or of another type, counts as empty.

const nlohmann::json& at(const nlohmann::json& of, const char* key); ///< or an empty object
std::string text(const nlohmann::json& of, const char* key);
uint64_t number(const nlohmann::json& of, const char* key);
bool flag(const nlohmann::json& of, const char* key);
/// A round trip, such as "40us"; empty if the broker has not measured it, for which it says "0s".
std::string round_trip(const nlohmann::json& of);
/// "10.0.0.1:4222", "[::1]:4222" of the fields `host` and "port".
std::string address(const nlohmann::json& of, const char* host);

} // namespace troupe::cli
