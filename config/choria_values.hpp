// config/choria_values.hpp: looks keys up among Choria's settings, by kind.
#pragma once

#include "config/choria_format.hpp"
#include "config/surroundings.hpp"

namespace troupe::config {

/// Each `take_…` sets its target from a key's last setting, notes `option` as set by it (unless
/// `option` is empty) and tells whether there was one. A malformed value leaves the target alone;
/// that it is malformed has been told when the kinds were checked.
class choria_values {
public:
  choria_values(const std::vector<choria_setting>& settings, const surroundings& around,
                findings& found)
      : settings_{settings}, around_{around}, found_{found} {}

  bool take_text(std::string_view key, std::string_view option, std::string& target);
  /// A leading ~ becomes the home directory.
  bool take_path(std::string_view key, std::string_view option, std::string& target);
  bool take_flag(std::string_view key, std::string_view option, bool& target);
  bool take_int(std::string_view key, std::string_view option, int& target);
  bool take_number(std::string_view key, std::string_view option, int64_t& target);
  bool take_duration(std::string_view key, std::string_view option, nanoseconds& target);
  bool take_list(std::string_view key, std::string_view option, std::vector<std::string>& target);
  void refuse_above(std::string_view key, nanoseconds span, nanoseconds highest);

  const choria_setting* find(std::string_view key) const;
  const std::vector<choria_setting>& all() const noexcept { return settings_; }
  std::string home() const;

private:
  const choria_setting* take(std::string_view key, std::string_view option);

  const std::vector<choria_setting>& settings_;
  const surroundings& around_;
  findings& found_;
};

} // namespace troupe::config
