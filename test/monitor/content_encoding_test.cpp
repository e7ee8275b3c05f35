// test/monitor/content_encoding_test.cpp: answers as small as whoever asks can take them.
#include "monitor/content_encoding.hpp"

#include <doctest/doctest.h>
#include <snappy-c.h>
#include <zlib.h>

#include <cstdint>

using namespace troupe::monitor;

namespace {

std::string unzipped(std::string text) {
  z_stream stream{};
  REQUIRE(::inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  std::string out(100'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(::inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

uint32_t number_at(const std::string& text, size_t at, size_t bytes) {
  uint32_t out = 0;
  for (size_t i = 0; i < bytes; ++i)
    out |= static_cast<uint32_t>(static_cast<unsigned char>(text.at(at + i))) << 8 * i;
  return out;
}

/// CRC-32C as its definition has it, one bit after the other.
uint32_t crc_of(const std::string& text) {
  uint32_t crc = 0xffffffff;
  for (char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return crc ^ 0xffffffff;
}

/// What is in the frames; each must have the right checksum.
std::string unframed(const std::string& stream) {
  REQUIRE(stream.substr(0, 10) == std::string{"\xff\x06\0\0sNaPpY", 10});
  std::string out;
  for (size_t at = 10; at < stream.size();) {
    auto kind = stream[at];
    auto size = number_at(stream, at + 1, 3);
    REQUIRE(at + 4 + size <= stream.size());
    auto data = stream.substr(at + 8, size - 4);
    size_t whole = data.size();
    if (kind == 0) {
      REQUIRE(snappy_uncompressed_length(data.data(), data.size(), &whole) == SNAPPY_OK);
      std::string text(whole, '\0');
      REQUIRE(snappy_uncompress(data.data(), data.size(), text.data(), &whole) == SNAPPY_OK);
      data = text;
    } else {
      REQUIRE(kind == 1);
    }
    CHECK(whole <= 65'536);
    auto crc = crc_of(data);
    CHECK(number_at(stream, at + 4, 4) == ((crc >> 15) | (crc << 17)) + 0xa282ead8);
    out += data;
    at += 4 + size;
  }
  return out;
}

} // namespace

TEST_CASE("the header says which encodings may be used, however it is written") {
  auto block = [](const char* field) { return "NATS/1.0\r\n" + std::string{field} + "\r\n\r\n"; };
  CHECK(!encoding_for(block("X: gzip")));
  CHECK(!encoding_for(""));
  CHECK(encoding_for(block("Accept-Encoding: gzip")) == content_encoding::gzip);
  CHECK(encoding_for(block("accept-encoding:br, GZip")) == content_encoding::gzip);
  CHECK(encoding_for(block("Accept-Encoding: Snappy")) == content_encoding::snappy);
  CHECK(encoding_for(block("Accept-Encoding: gzip, s2")) == content_encoding::snappy);
  CHECK(encoding_for(block("Accept-Encoding: br")) == content_encoding::identity);
  CHECK(encoding_for(block("Accept-Encoding: br\r\nX: gzip")) == content_encoding::identity);
}

TEST_CASE("snappy's frames end at 64 KiB, and hold as it is what does not become smaller") {
  CHECK(crc_of("123456789") == 0xe3069283); // as published
  std::string mixed(150'000, 'a');
  uint32_t next = 1;
  for (size_t i = 65'536; i < 131'072; ++i)
    mixed[i] = static_cast<char>((next = next * 1'664'525 + 1'013'904'223) >> 24);
  auto stream = encoded(mixed, content_encoding::snappy);
  CHECK(unframed(stream) == mixed);
  CHECK(stream.size() > 65'536);
  CHECK(stream.size() < 75'000);
  CHECK(encoded("", content_encoding::snappy).size() == 10);
}

TEST_CASE("what is made smaller can be read again") {
  for (auto text : {std::string{}, std::string{"x"}, std::string(50'000, 'a')}) {
    CHECK(unzipped(encoded(text, content_encoding::gzip)) == text);
    CHECK(encoded(text, content_encoding::identity) == text);
    CHECK(unframed(encoded(text, content_encoding::snappy)) == text);
  }
  CHECK(encoded(std::string(50'000, 'a'), content_encoding::gzip).size() < 500);
  CHECK(encoded(std::string(50'000, 'a'), content_encoding::snappy).size() < 5'000);
}
