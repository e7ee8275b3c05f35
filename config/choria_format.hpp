// config/choria_format.hpp: reads Choria's key = value files.
#pragma once

#include "config/findings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

struct choria_setting {
  std::string key;
  std::string text;
  place where; ///< without a column; "environment NAME" as file for a variable
};

/// A longer line is an error (upstream stops reading there without a word).
constexpr size_t max_choria_line = 64 * 1024;

/// Appends the settings of `text` in file order (choria-broker.md 2.1); each key gets `prefix`,
/// which is "plugin.NAME." for a file of plugin.d. Lines that are no setting are warnings.
void parse_choria(std::string_view text, const std::string& file, std::string_view prefix,
                  std::vector<choria_setting>& settings, findings& found);

/// Splits at `separator` and trims each item; empty items are dropped.
std::vector<std::string> split_list(std::string_view text, char separator);

} // namespace troupe::config
