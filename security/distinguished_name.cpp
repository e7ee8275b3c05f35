// security/distinguished_name.cpp: RFC 4514 text, read and written.
#include "security/distinguished_name.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

constexpr std::string_view specials = ",+\"\\<>;";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

class reader {
public:
  explicit reader(std::string_view text) : rest_{text} {}

  bool read(distinguished_name& out) {
    for (;;) {
      relative_name part;
      char separator = '+';
      while (separator == '+') {
        name_attribute attribute;
        if (!read_type(attribute.type) || !read_value(attribute.value))
          return false;
        part.push_back(std::move(attribute));
        separator = rest_.empty() ? '\0' : rest_.front();
        rest_.remove_prefix(rest_.empty() ? 0 : 1);
      }
      std::sort(part.begin(), part.end());
      out.parts.push_back(std::move(part));
      if (separator == '\0')
        return true;
    }
  }

private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  bool read_type(std::string& out) {
    skip_blanks();
    auto end = rest_.find('=');
    if (end == rest_.npos)
      return false;
    auto type = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    type = type.substr(0, type.find_last_not_of(' ') + 1);
    for (char c : type) {
      bool upper = c >= 'A' && c <= 'Z';
      bool fits = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
      if (!fits)
        return false;
      out += static_cast<char>(upper ? c - 'A' + 'a' : c);
    }
    if (out.starts_with("oid."))
      out.erase(0, 4);
    return !out.empty();
  }

  /// Up to an unescaped separator, which stays in `rest_`. Escaped blanks at the end count.
  bool read_value(std::string& out) {
    skip_blanks();
    size_t solid = 0; // length of `out` without blanks that nobody escaped
    while (!rest_.empty() && rest_.front() != ',' && rest_.front() != ';' && rest_.front() != '+') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (!read_escape(out))
          return false;
        solid = out.size();
        continue;
      }
      out += c;
      if (c != ' ')
        solid = out.size();
    }
    out.resize(solid);
    return true;
  }

  bool read_escape(std::string& out) {
    if (rest_.empty())
      return false;
    if (rest_.size() >= 2 && hex_value(rest_[0]) >= 0 && hex_value(rest_[1]) >= 0) {
      out += static_cast<char>(hex_value(rest_[0]) * 16 + hex_value(rest_[1]));
      rest_.remove_prefix(2);
      return true;
    }
    if (specials.find(rest_[0]) == specials.npos && rest_[0] != ' ' && rest_[0] != '#'
        && rest_[0] != '=')
      return false;
    out += rest_[0];
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
};

} // namespace

std::optional<distinguished_name> parse_distinguished_name(std::string_view text) {
  distinguished_name out;
  if (!reader{text}.read(out))
    return std::nullopt;
  return out;
}

bool equal_ignoring_order(const distinguished_name& a, const distinguished_name& b) {
  return a.parts.size() == b.parts.size()
         && std::is_permutation(a.parts.begin(), a.parts.end(), b.parts.begin());
}

std::string escape_name_value(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    bool edge_blank = value[i] == ' ' && (i == 0 || i + 1 == value.size());
    if (edge_blank || (i == 0 && value[i] == '#') || specials.find(value[i]) != specials.npos)
      out += '\\';
    out += value[i];
  }
  return out;
}

} // namespace troupe::security
