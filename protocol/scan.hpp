// protocol/scan.hpp: finds blanks and reads numbers in a control line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace troupe::protocol {

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// A blank, or an end of line.
constexpr bool ends_token(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The first byte in [at, end) that ends a token, or `end`. Reads nothing beyond `end`.
inline const char* find_token_end(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  // Sixteen bytes at a time: everything up to 0x20 is a candidate, subjects hold few of the others.
  const __m128i space = _mm_set1_epi8(0x20);
  while (end - at >= 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto mask =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(chunk, space), chunk)));
    for (; mask != 0; mask &= mask - 1)
      if (const char* hit = at + __builtin_ctz(mask); ends_token(*hit))
        return hit;
    at += 16;
  }
#endif
  while (at != end && !ends_token(*at))
    ++at;
  return at;
}

inline const char* skip_blanks(const char* at, const char* end) noexcept {
  while (at != end && is_blank(*at))
    ++at;
  return at;
}

/// One to nine ASCII digits and nothing else, else -1: ten digits are refused before anything is
/// reserved for them.
constexpr int64_t parse_size(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 9)
    return -1;
  int64_t value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9')
      return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

} // namespace troupe::protocol
