// config/findings.hpp: what reading a configuration brought to light, collected instead of thrown.
#pragma once

#include "config/options.hpp"
#include "config/value.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::config {

struct findings {
  std::vector<std::string> errors;   ///< "file:line:column: sentence"
  std::vector<std::string> warnings; ///< the same; nats-server's -t makes errors of them
  std::vector<origin> origins;       ///< options that something set
  std::vector<inactive_key> inactive;

  void error(const place& where, std::string_view text) { errors.push_back(said(where, text)); }
  void warning(const place& where, std::string_view text) { warnings.push_back(said(where, text)); }

  /// `option` was set by `key`; a later origin of the same option replaces an earlier one.
  void note_origin(std::string_view option, std::string_view key, std::string from) {
    for (auto& known : origins)
      if (known.option == option) {
        known = {std::string{key}, std::move(from), std::string{option}};
        return;
      }
    origins.push_back({std::string{key}, std::move(from), std::string{option}});
  }

  void note_inactive(std::string_view key, std::string from, bool restricts_access = false) {
    inactive.push_back({std::string{key}, std::move(from), restricts_access});
  }

  const origin* origin_of(std::string_view option) const {
    for (auto& known : origins)
      if (known.option == option)
        return &known;
    return nullptr;
  }

private:
  static std::string said(const place& where, std::string_view text) {
    auto from = to_string(where);
    return from.empty() ? std::string{text} : from + ": " + std::string{text};
  }
};

/// Where a file's values go while it is read.
struct reading {
  options& out;
  findings& found;
};

} // namespace troupe::config
