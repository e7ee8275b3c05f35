// monitor/content_encoding.cpp: gzip by zlib, snappy by its library.
#include "monitor/content_encoding.hpp"

#include "monitor/snappy_frames.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::monitor {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Where it begins in `text`, however it is written there; npos: nowhere.
size_t find_word(std::string_view text, std::string_view word) {
  auto at = std::search(text.begin(), text.end(), word.begin(), word.end(),
                        [](char a, char b) { return lower(a) == b; });
  return at == text.end() ? text.npos : static_cast<size_t>(at - text.begin());
}

std::string gzip(const std::string& text) {
  constexpr int with_gzip_header = 16;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + with_gzip_header,
                     MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY)
      != Z_OK)
    throw std::runtime_error("zlib cannot begin");
  std::string out(::deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  auto how = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (how != Z_STREAM_END)
    throw std::runtime_error("zlib cannot end");
  return out;
}

} // namespace

std::optional<content_encoding> encoding_for(std::string_view header_block) {
  constexpr std::string_view name = "accept-encoding:";
  auto at = find_word(header_block, name);
  if (at == header_block.npos)
    return std::nullopt;
  auto value = header_block.substr(at + name.size());
  value = value.substr(0, value.find('\r'));
  auto has = [&](std::string_view word) { return find_word(value, word) != value.npos; };
  if (has("snappy") || has("s2"))
    return content_encoding::snappy;
  return has("gzip") ? content_encoding::gzip : content_encoding::identity;
}

std::string_view to_string(content_encoding which) noexcept {
  switch (which) {
  case content_encoding::identity: return "identity";
  case content_encoding::gzip: return "gzip";
  case content_encoding::snappy: return "snappy";
  }
  return "";
}

std::string encoded(std::string text, content_encoding how) {
  switch (how) {
  case content_encoding::identity: return text;
  case content_encoding::gzip: return gzip(text);
  case content_encoding::snappy: return snappy_frames(text);
  }
  return text;
}

} // namespace troupe::monitor
