// protocol/lenient_json.cpp: JSON that Go would read, too.
#include "protocol/lenient_json.hpp"

#include "protocol/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace troupe::protocol {
namespace {

/// The JSON of peers that write what is no UTF-8, or half a surrogate pair: Go's reader, which they
/// were tested with, puts U+FFFD there instead of refusing it.
std::string readable(std::string_view text) {
  std::string out;
  auto escape_at = [&](size_t at) -> unsigned {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
      return 0;
    unsigned code = 0;
    auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, code, 16);
    return error == std::errc{} && end == text.data() + at + 6 ? code : 0;
  };
  for (size_t at = 0; at < text.size();) {
    unsigned code = escape_at(at);
    if (code >= 0xd800 && code <= 0xdbff && escape_at(at + 6) >= 0xdc00
        && escape_at(at + 6) <= 0xdfff) {
      out += text.substr(at, 12);
      at += 12;
    } else if (code >= 0xd800 && code <= 0xdfff) {
      out += "\\ufffd";
      at += 6;
    } else if (text[at] == '\\' && at + 1 < text.size()) {
      out += text.substr(at, 2);
      at += 2;
    } else if (auto length = utf8_length(text.substr(at)); length > 0) {
      out += text.substr(at, length);
      at += length;
    } else {
      out += "\xef\xbf\xbd";
      ++at;
    }
  }
  return out;
}

} // namespace

bool equal_fold(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

nlohmann::json parse_lenient(std::string_view text) {
  auto doc = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (doc.is_discarded())
    doc = nlohmann::json::parse(readable(text), nullptr, false);
  return doc; // never a copy: copying recurses, and a peer chooses how deep
}

} // namespace troupe::protocol
