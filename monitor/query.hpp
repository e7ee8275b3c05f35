// monitor/query.hpp: what a request line asks for, and the words for what it gets wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::monitor {

/// The decoded pairs behind the `?`. Pairs that cannot be decoded are left out; of several pairs
/// with one key the first counts.
class query {
public:
  query() = default;
  explicit query(std::string_view text);

  /// Empty if absent.
  const std::string& operator[](std::string_view key) const;

private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// Reads options one after the other and keeps the first fault, in the words of the 400 answer. An
/// absent or empty option is false or 0.
class option_reader {
public:
  explicit option_reader(const query& from) : from_{from} {}

  bool boolean(std::string_view key);
  int64_t integer(std::string_view key);
  uint64_t unsigned_integer(std::string_view key);

  void fail(std::string text) {
    if (fault_.empty())
      fault_ = std::move(text);
  }
  const std::string& fault() const noexcept { return fault_; }

private:
  const query& from_;
  std::string fault_;
};

} // namespace troupe::monitor
