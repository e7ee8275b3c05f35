// protocol/utf8.hpp: where well-formed UTF-8 ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::protocol {

/// The length of the well-formed UTF-8 character that `text` begins with (1 to 4), or 0.
/// Overlong forms, surrogates and what lies beyond U+10FFFF are not well-formed.
constexpr size_t utf8_length(std::string_view text) noexcept {
  auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty())
    return 0;
  unsigned first = at(0);
  if (first < 0x80)
    return 1;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80)
      return 0;
  unsigned second = at(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)
      || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

} // namespace troupe::protocol
