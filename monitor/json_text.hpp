// monitor/json_text.hpp: JSON values and bodies in the exact spelling that consumers know.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>

namespace troupe::monitor {

/// A whole number stays one: 2 rather than 2.0.
nlohmann::ordered_json number(double value);

/// `write_deadline` and `write_timeout` of one kind of link, each if it is set.
void add_write_limits(nlohmann::ordered_json& out, std::chrono::nanoseconds deadline,
                      const std::string& policy);

enum class layout : uint8_t { indented, compact };

/// The body without a line end. `<`, `>`, `&` become \u00xx, and bytes that are no UTF-8 become
/// replacement characters.
std::string json_text(const nlohmann::ordered_json& value, layout how = layout::indented);

} // namespace troupe::monitor
