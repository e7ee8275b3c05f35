// config/words.hpp: comparing keys the way operators mean them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace troupe::config {

/// ASCII only, as keys are.
inline std::string lower(std::string_view text) {
  std::string result{text};
  for (auto& c : result)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

inline bool any_of(std::string_view key, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

} // namespace troupe::config
