// protocol/scan.hpp: finds verbs, blanks and numbers in a control line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// One word that operations begin with, in capitals.
template <class Verb>
struct verb_name {
  std::string_view name;
  Verb what;
};

/// The verb of `table` that `in` starts with, in whatever case; `length` becomes the number of
/// bytes of its name. `Verb::partial` means: more bytes could still make it one. No name may be the
/// beginning of another.
template <class Verb, size_t N>
Verb find_verb(std::string_view in, const std::array<verb_name<Verb>, N>& table,
               size_t& length) noexcept {
  bool partial = false;
  for (const auto& [name, what] : table) {
    size_t common = 0;
    while (common < in.size() && common < name.size()) {
      char c = in[common];
      if (c >= 'a' && c <= 'z')
        c = static_cast<char>(c - 'a' + 'A');
      if (c != name[common])
        break;
      ++common;
    }
    if (common == name.size()) {
      length = common;
      return what;
    }
    partial = partial || common == in.size();
  }
  return partial ? Verb::partial : Verb::unknown;
}

/// Do the bytes in [at, end) begin with `known`? Only asked of at least eight bytes; a shorter text
/// begins nothing.
inline bool repeats(std::string_view known, const char* at, const char* end) noexcept {
  size_t n = known.size();
  if (n < 8 || static_cast<size_t>(end - at) < n)
    return false;
  // Eight bytes at a time, the last eight overlapping: shorter than a call of memcmp.
  auto differ = [](const char* a, const char* b) {
    uint64_t x;
    uint64_t y;
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    return x != y;
  };
  for (size_t i = 0; i + 8 < n; i += 8)
    if (differ(known.data() + i, at + i))
      return false;
  return !differ(known.data() + n - 8, at + n - 8);
}

} // namespace troupe::protocol
