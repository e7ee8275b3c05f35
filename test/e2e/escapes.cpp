// test/e2e/escapes.cpp: how bytes are written in case files and shown in transcripts.
#include "escapes.hpp"

#include <charconv>
#include <stdexcept>

namespace troupe::e2e {
namespace {
unsigned number(std::string_view digits, int base) {
  unsigned value = 0;
  auto end = digits.data() + digits.size();
  auto [stop, failed] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || failed != std::errc{} || stop != end)
    throw std::invalid_argument("not a number: '" + std::string{digits} + "'");
  return value;
}

/// Where the ${ that opens at `open` is closed.
size_t closing_brace(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{')
      ++depth;
    else if (text[i] == '}' && --depth == 0)
      return i;
  }
  throw std::invalid_argument("${ without }");
}

std::string repeated(std::string_view inside) {
  auto star = inside.find('*');
  if (star == inside.npos)
    throw std::invalid_argument("expected ${N*text}, got ${" + std::string{inside} + "}");
  auto times = number(inside.substr(0, star), 10);
  auto once = unescape(inside.substr(star + 1));
  std::string out;
  out.reserve(times * once.size());
  for (unsigned i = 0; i < times; ++i)
    out += once;
  return out;
}
} // namespace

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "${") {
      auto end = closing_brace(text, i + 1);
      out += repeated(text.substr(i + 2, end - i - 2));
      i = end;
    } else if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
    } else {
      switch (text[++i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'x':
        out += static_cast<char>(number(text.substr(i + 1, 2), 16));
        i += 2;
        break;
      default: out += text[i];
      }
    }
  }
  return out;
}

std::string printable(std::string_view bytes, size_t most) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (char c : bytes.substr(0, most)) {
    auto u = static_cast<unsigned char>(c);
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (u < 0x20 || u > 0x7e)
      (out += "\\x") += {hex[u >> 4], hex[u & 15]};
    else
      out += c;
  }
  if (bytes.size() > most)
    out += "... (" + std::to_string(bytes.size()) + " bytes)";
  return out;
}
} // namespace troupe::e2e
