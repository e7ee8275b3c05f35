// test/stress/payload.hpp: payloads that tell who sent them, which one they are, and if they are
// whole.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::stress {

struct origin {
  uint32_t publisher = 0;
  uint64_t number = 0;
};

constexpr size_t smallest_payload = 16;

inline char filler_of(const origin& from) {
  return static_cast<char>('a' + (from.number + from.publisher) % 26);
}

/// `size` bytes, at least smallest_payload: four hexadecimal digits of the publisher, twelve of the
/// number, then one letter over and over.
inline void write_payload(std::string& out, const origin& from, size_t size) {
  out.assign(size < smallest_payload ? smallest_payload : size, filler_of(from));
  auto put = [&](size_t at, size_t digits, uint64_t value) {
    for (size_t i = digits; i-- > 0; value >>= 4)
      out[at + i] = "0123456789abcdef"[value & 15];
  };
  put(0, 4, from.publisher);
  put(4, 12, from.number);
}

/// Nothing if it is not one of ours, or damaged.
inline std::optional<origin> read_payload(std::string_view in) {
  if (in.size() < smallest_payload)
    return std::nullopt;
  origin out;
  auto* at = in.data();
  bool whole = std::from_chars(at, at + 4, out.publisher, 16).ptr == at + 4
               && std::from_chars(at + 4, at + 16, out.number, 16).ptr == at + 16;
  auto rest = in.substr(smallest_payload);
  if (!whole || rest.find_first_not_of(filler_of(out)) != rest.npos)
    return std::nullopt;
  return out;
}

} // namespace troupe::stress
