// monitor/json_text.hpp: JSON values and bodies in the exact spelling that consumers know.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace troupe::monitor {

/// A whole number stays one: 2 rather than 2.0.
nlohmann::ordered_json number(double value);

enum class layout : uint8_t { indented, compact };

/// The body without a line end. `<`, `>`, `&` become \u00xx, and bytes that are no UTF-8 become
/// replacement characters.
std::string json_text(const nlohmann::ordered_json& value, layout how = layout::indented);

} // namespace troupe::monitor
