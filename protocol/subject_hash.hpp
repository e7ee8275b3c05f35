// protocol/subject_hash.hpp: hashes subjects and tokens so that no peer can aim at one bucket.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace troupe::protocol {

/// Drawn once per process from the system's random source. Peers choose the subjects, so a fixed
/// seed would let them fill one probe sequence of our tables.
uint64_t hash_seed() noexcept;

/// Multiplies to 128 bits and folds: every input bit reaches every output bit.
inline uint64_t fold_multiply(uint64_t a, uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  auto product = static_cast<wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// 64 well mixed bits of `text`; tables use the lower 32 of them. Differs from process to process.
inline uint64_t hash_subject(std::string_view text) noexcept {
  constexpr uint64_t odd_a = 0x9e3779b97f4a7c15;
  constexpr uint64_t odd_b = 0xd6e8feb86659fd93;
  auto word = [](const char* from, size_t size) noexcept {
    uint64_t bits = 0;
    std::memcpy(&bits, from, size);
    return bits;
  };
  const char* at = text.data();
  size_t left = text.size();
  uint64_t state = hash_seed() ^ (left * odd_a);
  for (; left > 16; at += 16, left -= 16)
    state = fold_multiply(word(at, 8) ^ state, word(at + 8, 8) ^ odd_b);
  uint64_t low = 0;
  uint64_t high = 0;
  if (left >= 8) { // the two words overlap when fewer than 16 bytes are left
    low = word(at, 8);
    high = word(at + left - 8, 8);
  } else if (left >= 4) {
    low = word(at, 4);
    high = word(at + left - 4, 4);
  } else if (left > 0) {
    low = static_cast<unsigned char>(at[0])
          | (uint64_t{static_cast<unsigned char>(at[left / 2])} << 8)
          | (uint64_t{static_cast<unsigned char>(at[left - 1])} << 16);
  }
  return fold_multiply(fold_multiply(low ^ state, high ^ odd_b) ^ odd_a, state ^ odd_b);
}

} // namespace troupe::protocol
