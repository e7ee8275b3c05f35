// monitor/snappy_frames.cpp: frames around what libsnappy compresses.
#include "monitor/snappy_frames.hpp"

#include <snappy-c.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace troupe::monitor {
namespace {

constexpr std::string_view identifier{"\xff\x06\0\0sNaPpY", 10};
constexpr size_t longest_chunk = 65'536; // of the text
constexpr char compressed = 0, as_it_is = 1;

constexpr std::array<uint32_t, 256> make_crc_table() {
  constexpr uint32_t castagnoli = 0x82f63b78;
  std::array<uint32_t, 256> out{};
  for (uint32_t i = 0; i < out.size(); ++i) {
    auto rest = i;
    for (int bit = 0; bit < 8; ++bit)
      rest = (rest & 1) != 0 ? rest >> 1 ^ castagnoli : rest >> 1;
    out[i] = rest;
  }
  return out;
}

/// Masked, as the format wants it: a checksum of data with checksums in it says little.
uint32_t checksum_of(std::string_view text) noexcept {
  static constexpr auto table = make_crc_table();
  uint32_t crc = ~uint32_t{0};
  for (char c : text)
    crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/// Little end first.
void append_number(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> 8 * i & 0xff);
}

void append_chunk(std::string& out, std::string_view text) {
  std::string made(::snappy_max_compressed_length(text.size()), '\0');
  auto size = made.size();
  if (::snappy_compress(text.data(), text.size(), made.data(), &size) != SNAPPY_OK)
    throw std::runtime_error("snappy cannot compress");
  made.resize(size);
  bool worth_it = size < text.size();
  auto data = worth_it ? std::string_view{made} : text;
  out += worth_it ? compressed : as_it_is;
  append_number(out, static_cast<uint32_t>(data.size() + 4), 3);
  append_number(out, checksum_of(text), 4);
  out.append(data);
}

} // namespace

std::string snappy_frames(std::string_view text) {
  std::string out{identifier};
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), longest_chunk)))
    append_chunk(out, text.substr(0, longest_chunk));
  return out;
}

} // namespace troupe::monitor
