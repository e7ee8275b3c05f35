// monitor/query.cpp: percent decoding and typed options.
#include "monitor/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe::monitor {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

/// In double quotes, with everything escaped that would leave them or the line.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text)
    switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default:
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      else
        out += c;
    }
  return out + '"';
}

/// Decimal digits only; `faulty` says why there is no number.
template <class Number>
Number read_digits(std::string_view text, std::string_view& faulty) {
  Number out = 0;
  auto end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, out);
  if (code == std::errc::result_out_of_range && stop == end)
    faulty = "value out of range";
  else if (code != std::errc{} || stop != end)
    faulty = "invalid syntax";
  return out;
}

std::string wrong_option(std::string_view type, std::string_view key, std::string_view reader,
                         std::string_view value, std::string_view why) {
  return fmt::format("Error decoding {} for '{}': strconv.{}: parsing {}: {}", type, key, reader,
                     quoted(value), why);
}

} // namespace

query::query(std::string_view text) {
  while (!text.empty()) {
    auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty() || pair.find(';') != pair.npos)
      continue;
    auto equals = pair.find('=');
    auto key = decode(pair.substr(0, equals));
    auto value = decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1));
    if (key && value)
      pairs_.emplace_back(std::move(*key), std::move(*value));
  }
}

const std::string& query::operator[](std::string_view key) const {
  static const std::string absent;
  auto it = std::find_if(pairs_.begin(), pairs_.end(),
                         [key](const auto& pair) { return pair.first == key; });
  return it == pairs_.end() ? absent : it->second;
}

bool option_reader::boolean(std::string_view key) {
  const auto& text = from_[key];
  for (std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"})
    if (text == yes)
      return true;
  for (std::string_view no : {"", "0", "f", "F", "FALSE", "false", "False"})
    if (text == no)
      return false;
  fail(wrong_option("boolean", key, "ParseBool", text, "invalid syntax"));
  return false;
}

int64_t option_reader::integer(std::string_view key) {
  const auto& text = from_[key];
  if (text.empty())
    return 0;
  std::string_view digits = text;
  if (digits.front() == '+' && digits.size() > 1 && digits[1] != '-')
    digits.remove_prefix(1);
  std::string_view why;
  auto out = read_digits<int64_t>(digits, why);
  if (!why.empty())
    fail(wrong_option("int", key, "Atoi", text, why));
  return out;
}

uint64_t option_reader::unsigned_integer(std::string_view key) {
  const auto& text = from_[key];
  if (text.empty())
    return 0;
  std::string_view why;
  auto out = read_digits<uint64_t>(text, why);
  if (!why.empty())
    fail(wrong_option("uint64", key, "ParseUint", text, why));
  return out;
}

} // namespace troupe::monitor
