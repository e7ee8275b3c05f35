// protocol/quote.cpp: escapes, byte by byte.
#include "protocol/quote.hpp"

#include "protocol/one_line.hpp"
#include "protocol/utf8.hpp"

namespace troupe::protocol {

namespace {

std::string escaped(std::string_view bytes, size_t longest, bool between_quotes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  bool cut = bytes.size() > longest;
  if (cut)
    bytes = bytes.substr(0, longest);
  while (!bytes.empty()) {
    auto length = utf8_length(bytes);
    auto first = static_cast<unsigned char>(bytes.front());
    if (between_quotes && (first == '"' || first == '\\')) {
      out += '\\';
      out += bytes.front();
      length = 1;
    } else if (length == 0 || first < 0x20 || first == 0x7f) {
      out += "\\x";
      out += digits[first >> 4];
      out += digits[first & 15];
      length = 1;
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  if (cut)
    out += "…";
  return out;
}

} // namespace

std::string quotable(std::string_view bytes, size_t longest) {
  return escaped(bytes, longest, true);
}

std::string quoted(std::string_view bytes) {
  return '"' + quotable(bytes) + '"';
}

std::string on_one_line(std::string_view sentence, size_t longest) {
  return escaped(sentence, longest, false);
}

} // namespace troupe::protocol
