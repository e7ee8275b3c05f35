// config/nats_values.cpp: strings, blocks, numbers and dates of nats-server's language.
#include "config/nats_parser.hpp"
#include "config/size.hpp"
#include "config/words.hpp"

#include <charconv>
#include <map>

namespace troupe::config {

namespace {

bool is_digit(int c) {
  return c >= '0' && c <= '9';
}
bool is_blank(int c) {
  return c == ' ' || c == '\t';
}
bool is_newline(int c) {
  return c == '\n' || c == '\r';
}

bool is_size_letter(int c) {
  return c >= 0
         && std::string_view{"kKmMgGtTpPeE"}.find(static_cast<char>(c)) != std::string_view::npos;
}

int hex_value(int c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

bool nats_parser::read_value(value& out, int depth) {
  if (++pass_.values > max_values)
    return fail_at_line("More than " + std::to_string(max_values) + " values.");
  while (is_blank(peek()))
    advance();
  out.where = here();
  switch (int c = peek(); c) {
  case '[': return read_list(out, depth + 1);
  case '{': return read_map(out, depth + 1);
  case '\'': return read_single_quoted(out);
  case '"': return read_double_quoted(out);
  case '(': return read_block(out);
  case '.': return fail_at_line("Floats must start with a digit, not '.'.");
  case '\n':
  case '\r':
    advance(); // the original has read it already when it counts the line
    return fail_at_line("Expected value but found new line");
  default: return c == '-' || is_digit(c) ? read_number(out) : read_bare(out, {});
  }
}

bool nats_parser::read_single_quoted(value& out) {
  advance();
  while (peek() != '\'') {
    if (peek() == end_of_text)
      return fail_at_line("Unexpected EOF.");
    out.text += static_cast<char>(peek());
    advance();
  }
  advance();
  return true;
}

bool nats_parser::read_double_quoted(value& out) {
  advance();
  while (peek() != '"') {
    if (peek() == end_of_text)
      return fail_at_line("Unexpected EOF.");
    if (peek() == '\\') {
      if (!read_escape(out.text))
        return false;
      continue;
    }
    out.text += static_cast<char>(peek());
    advance();
  }
  advance();
  return true;
}

/// A block ends at a ")" that stands alone on its line; its newlines belong to the text.
bool nats_parser::read_block(value& out) {
  advance();
  for (;; advance()) {
    if (peek() == end_of_text)
      return fail_at_line("Unexpected EOF processing block.");
    bool line_start = at_ > 0 && in_[at_ - 1] == '\n';
    if (peek() == ')' && line_start && (peek(1) == '\n' || peek(1) == end_of_text))
      break;
    out.text += static_cast<char>(peek());
  }
  advance();
  return true;
}

bool nats_parser::read_escape(std::string& text) {
  advance();
  int c = peek();
  if (c == 'x') {
    int high = hex_value(peek(1));
    int low = high < 0 ? -1 : hex_value(peek(2));
    if (low < 0)
      return fail_at_line("Expected two hexadecimal digits after '\\x', but got '" + shown(peek(1))
                          + (peek(1) == end_of_text ? "" : shown(peek(2))) + "'");
    text += static_cast<char>(high * 16 + low);
    advance();
    advance();
    advance();
    return true;
  }
  constexpr std::string_view letters = "tnr\"\\";
  constexpr std::string_view meanings = "\t\n\r\"\\";
  auto known = c < 0 ? letters.npos : letters.find(static_cast<char>(c));
  if (known == letters.npos)
    return fail_at_line("Invalid escape character '" + shown(c)
                        + "'. Only the following escape characters are allowed: \\xXX, \\t, \\n, "
                          "\\r, \\\", \\\\.");
  text += meanings[known];
  advance();
  return true;
}

/// A word without quotes; `text` is what a number that turned out to be none had taken already.
bool nats_parser::read_bare(value& out, std::string text) {
  bool escaped = false;
  for (int c = peek();; c = peek()) {
    if (c == end_of_text || is_newline(c) || is_blank(c) || c == ',' || c == ';' || c == ']'
        || c == '}')
      return finish_bare(out, std::move(text), escaped);
    if (c == '\'') { // the original ends a bare word at an apostrophe, and swallows it
      advance();
      out.text = std::move(text);
      return true;
    }
    if (c == '\\') {
      escaped = true;
      if (!read_escape(text))
        return false;
      continue;
    }
    text += static_cast<char>(c);
    advance();
  }
}

bool nats_parser::finish_bare(value& out, std::string text, bool escaped) {
  static const std::map<std::string_view, bool> words{
      {"true", true}, {"yes", true}, {"on", true}, {"false", false}, {"no", false}, {"off", false}};
  auto word = escaped || text.size() > 5 ? words.end() : words.find(lower(text));
  if (word != words.end()) {
    out.kind = value::type::boolean;
    out.boolean = word->second;
  } else if (!escaped && text.size() > 1 && text.front() == '$') {
    return look_up(out, text.substr(1));
  }
  out.text = std::move(text);
  return true;
}

bool nats_parser::ends_number(int c) const {
  return c == end_of_text || is_newline(c) || is_blank(c) || c == ',' || c == ';' || c == '}'
         || c == ']';
}

bool nats_parser::read_number(value& out) {
  size_t start = at_;
  bool negative = peek() == '-';
  if (negative) {
    advance();
    if (!is_digit(peek()))
      return fail_at_line(peek() == '.' ? "Floats must start with a digit, not '.'."
                                        : "Expected a digit but got '" + shown(peek()) + "'.");
  }
  while (is_digit(peek()))
    advance();
  auto digits = in_.substr(start, at_ - start);
  if (peek() == '.')
    return read_fraction(out, start);
  if (is_size_letter(peek()))
    return read_suffix(out, start);
  if (negative || ends_number(peek()))
    return finish_integer(out, digits, {});
  if (peek() == '-')
    return read_date(out, start);
  return read_bare(out, std::string{digits});
}

bool nats_parser::read_suffix(value& out, size_t start) {
  size_t letters = at_;
  advance();
  while (peek() == 'b' || peek() == 'B' || peek() == 'i' || peek() == 'I')
    advance();
  // "5k]" is a word for the original, so that a list of tags such as [5k] holds text.
  if (!ends_number(peek()) || peek() == ']')
    return read_bare(out, std::string{in_.substr(start, at_ - start)});
  return finish_integer(out, in_.substr(start, letters - start),
                        in_.substr(letters, at_ - letters));
}

bool nats_parser::finish_integer(value& out, std::string_view digits, std::string_view suffix) {
  out.kind = value::type::integer;
  out.text = std::string{digits} + std::string{suffix};
  int64_t number = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  int64_t factor = size_factor(suffix);
  if (factor == 0)
    return fail_at_line("Number '" + out.text
                        + "' has an unknown suffix; use k, kb, kib, m, mb, "
                          "mib, g, gb, gib, t, p or e.");
  bool fits = code == std::errc{} && !__builtin_mul_overflow(number, factor, &out.integer);
  return fits || fail_at_line("Integer '" + out.text + "' is out of the range.");
}

bool nats_parser::read_fraction(value& out, size_t start) {
  advance();
  if (!is_digit(peek()))
    return fail_at_line("Floats must have a digit after the '.', but got '" + shown(peek())
                        + "' instead.");
  while (is_digit(peek()))
    advance();
  if (peek() == '.') { // an address or a version
    while (is_digit(peek()) || peek() == '.' || peek() == ':' || peek() == '-')
      advance();
    out.text = in_.substr(start, at_ - start);
    return true;
  }
  out.kind = value::type::number;
  out.text = in_.substr(start, at_ - start);
  auto [end, code] =
      std::from_chars(out.text.data(), out.text.data() + out.text.size(), out.number);
  return code == std::errc{} || fail_at_line("Float '" + out.text + "' is out of the range.");
}

bool nats_parser::read_date(value& out, size_t start) {
  if (at_ - start != 4)
    return fail_at_line("All ISO8601 dates must be in full Zulu form.");
  for (char expected : std::string_view{"-00-00T00:00:00Z"}) {
    bool good = expected == '0' ? is_digit(peek()) : peek() == expected;
    if (!good)
      return fail_at_line(
          expected == '0'
              ? "Expected digit in ISO8601 datetime, but found '" + shown(peek()) + "' instead."
              : "Expected '" + std::string(1, expected) + "' in ISO8601 datetime, but found '"
                    + shown(peek()) + "' instead.");
    advance();
  }
  out.kind = value::type::date;
  out.text = in_.substr(start, at_ - start);
  return true;
}

} // namespace troupe::config
