// test/monitor/content_encoding_test.cpp: answers as small as whoever asks can take them.
#include "monitor/content_encoding.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

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

} // namespace

TEST_CASE("the header says which encodings may be used, however it is written") {
  auto block = [](const char* field) { return "NATS/1.0\r\n" + std::string{field} + "\r\n\r\n"; };
  CHECK(!encoding_for(block("X: gzip")));
  CHECK(!encoding_for(""));
  CHECK(encoding_for(block("Accept-Encoding: gzip")) == content_encoding::gzip);
  CHECK(encoding_for(block("accept-encoding:br, GZip")) == content_encoding::gzip);
  CHECK(encoding_for(block("Accept-Encoding: snappy")) == content_encoding::identity);
  CHECK(encoding_for(block("Accept-Encoding: br\r\nX: gzip")) == content_encoding::identity);
}

TEST_CASE("what is made smaller can be read again") {
  for (auto text : {std::string{}, std::string{"x"}, std::string(50'000, 'a')}) {
    CHECK(unzipped(encoded(text, content_encoding::gzip)) == text);
    CHECK(encoded(text, content_encoding::identity) == text);
  }
  CHECK(encoded(std::string(50'000, 'a'), content_encoding::gzip).size() < 500);
}
