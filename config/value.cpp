// config/value.cpp: the tree in words, as JSON and as a digest.
#include "config/value.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace troupe::config {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_unicode_escape(std::string& out, unsigned char c) {
  out += "\\u00";
  out += hex_digits[c >> 4U];
  out += hex_digits[c & 15U];
}

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || first > 0xf4 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80)
      return 0;
  if (length < 3)
    return length;
  unsigned char second = byte(1);
  bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  bool surrogate = first == 0xed && second >= 0xa0;
  bool beyond = first == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto c = static_cast<unsigned char>(text.front());
    size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text.front();
    } else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
      out += '\\';
      out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f';
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      append_unicode_escape(out, c);
    } else if (length == 0) {
      out += "\\ufffd";
    } else if (text.starts_with("\u2028") || text.starts_with("\u2029")) {
      out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  out += '"';
}

/// Go's way: the shortest digits that read back, plain from 1e-6 to below 1e21, else "1e-7".
void append_json_number(std::string& out, double number) {
  std::array<char, 64> buffer{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                           std::chars_format::scientific)
                 .ptr;
  std::string text{buffer.data(), end};
  double size = std::fabs(number);
  size_t mark = text.find('e');
  if (mark == text.npos)
    mark = text.size();
  int exponent = mark < text.size() ? std::atoi(text.c_str() + mark + 1) : 0;
  if (size != 0 && (size < 1e-6 || size >= 1e21)) {
    out +=
        text.substr(0, mark + 1) + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
    return;
  }
  std::string sign = number < 0 ? "-" : "";
  std::string digits;
  for (char c : text.substr(0, mark))
    if (c >= '0' && c <= '9')
      digits += c;
  if (exponent < 0)
    digits.insert(0, static_cast<size_t>(-exponent), '0');
  auto whole = static_cast<size_t>(std::max(exponent, 0)) + 1;
  if (digits.size() < whole)
    digits.append(whole - digits.size(), '0');
  out += sign + digits.substr(0, whole);
  if (digits.size() > whole)
    out += "." + digits.substr(whole);
}

void append_json(std::string& out, const value& val) {
  switch (val.kind) {
  case value::type::text:
  case value::type::date: append_json_text(out, val.text); return;
  case value::type::integer: out += std::to_string(val.integer); return;
  case value::type::number: append_json_number(out, val.number); return;
  case value::type::boolean: out += val.boolean ? "true" : "false"; return;
  case value::type::list: {
    out += '[';
    for (size_t i = 0; i < val.items.size(); ++i) {
      out += i == 0 ? "" : ",";
      append_json(out, val.items[i]);
    }
    out += ']';
    return;
  }
  case value::type::map: {
    std::vector<const member*> sorted;
    for (auto& one : val.members)
      sorted.push_back(&one);
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
    out += '{';
    for (size_t i = 0; i < sorted.size(); ++i) {
      out += i == 0 ? "" : ",";
      append_json_text(out, sorted[i]->key);
      out += ':';
      append_json(out, sorted[i]->val);
    }
    out += '}';
    return;
  }
  }
}

} // namespace

std::string to_string(const place& where) {
  std::string result = where.file ? *where.file : std::string{};
  if (where.line > 0)
    result += ":" + std::to_string(where.line);
  if (where.line > 0 && where.column >= 0)
    result += ":" + std::to_string(where.column);
  return result;
}

std::string describe(const value& val) {
  switch (val.kind) {
  case value::type::text: return val.plain ? val.text : "\"" + val.text + "\"";
  case value::type::integer:
  case value::type::number:
  case value::type::boolean:
  case value::type::date: return val.text;
  case value::type::list: return "a list";
  case value::type::map: return "a map";
  }
  return {};
}

std::string to_json(const value& val) {
  std::string result;
  append_json(result, val);
  return result;
}

std::string digest(const value& root) {
  std::string json = to_json(root) + "\n";
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int length = 0;
  EVP_Digest(json.data(), json.size(), hash.data(), &length, EVP_sha256(), nullptr);
  std::string result = "sha256:";
  for (unsigned int i = 0; i < length; ++i) {
    result += hex_digits[hash[i] >> 4U];
    result += hex_digits[hash[i] & 15U];
  }
  return result;
}

} // namespace troupe::config
