// config/size.cpp: reads whole numbers with a size suffix.
#include "config/size.hpp"

#include <charconv>
#include <string>

namespace troupe::config {

int64_t size_factor(std::string_view suffix) {
  if (suffix.empty())
    return 1;
  std::string low{suffix};
  for (auto& c : low)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::string_view letters = "kmgtpe";
  auto power = letters.find(low.front());
  auto rest = low.substr(1);
  if (power == letters.npos || (rest != "" && rest != "b" && rest != "i" && rest != "ib"))
    return 0;
  int64_t result = 1;
  for (size_t i = 0; i <= power; ++i)
    result *= rest.empty() ? 1000 : 1024;
  return result;
}

std::optional<int64_t> parse_size(std::string_view text) {
  int64_t number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  int64_t factor = size_factor({end, static_cast<size_t>(text.data() + text.size() - end)});
  int64_t result = 0;
  if (code != std::errc{} || factor == 0 || __builtin_mul_overflow(number, factor, &result))
    return std::nullopt;
  return result;
}

} // namespace troupe::config
