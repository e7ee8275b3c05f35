// security/time_zone.hpp: local time of a place, from the system's time zone files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Immutable; usable from any thread.
class time_zone {
public:
  /// The content of a TZif file (RFC 8536, version 2 or later); nothing if it is damaged.
  static std::optional<time_zone> parse(std::string_view file);

  /// By IANA name ("Europe/Berlin", "UTC"); the empty name is that of this machine (`TZ`, else
  /// /etc/localtime, else UTC). Null if there is no such zone. A file is read once a process; names
  /// that are not known are not remembered.
  static std::shared_ptr<const time_zone> find(std::string_view name);

  /// Seconds east of Greenwich at this Unix time.
  int64_t offset_at(int64_t when) const noexcept;
  /// When clocks there show `local` (seconds since 1970 as a clock on a wall counts them).
  int64_t to_unix(int64_t local) const noexcept;

private:
  /// One of the two changes of a year: `day` is a weekday of a month, or a day of the year.
  struct yearly {
    enum class kind : uint8_t { weekday, julian, zero_based } what = kind::weekday;
    int month = 0, week = 0, day = 0;
    int64_t second = 2 * 3600;
  };
  /// What holds after the last change of the file.
  struct rule {
    int64_t standard = 0;
    int64_t summer = 0;
    bool changes = false;
    yearly begin, end;
  };
  static bool parse_rule(std::string_view text, rule& out);
  static int64_t second_of(const yearly& change, int year) noexcept;
  int64_t offset_by_rule(int64_t when) const noexcept;

  std::vector<int64_t> changes_;
  std::vector<int32_t> offsets_; ///< after each change
  int64_t first_offset_ = 0;
  std::optional<rule> rule_;
};

} // namespace troupe::security
