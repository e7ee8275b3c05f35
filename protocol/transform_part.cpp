// protocol/transform_part.cpp: the functions of subject transforms, read and carried out.
#include "protocol/transform_part.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <random>

namespace troupe::protocol {
namespace {

using function = transform_part::function;

/// What stands between the parentheses of a function.
enum class arguments : uint8_t { wildcard, wildcard_and_number, wildcard_and_text, number, hash };

struct known_function {
  std::string_view name; // lower case
  function what;
  arguments takes;
  std::string_view usage;
};

constexpr known_function known_functions[] = {
    {"wildcard", function::wildcard, arguments::wildcard, "{{wildcard(1)}}"},
    {"partition", function::partition, arguments::hash, "{{partition(10,1,2)}}"},
    {"split", function::split, arguments::wildcard_and_text, "{{split(1,-)}}"},
    {"splitfromleft", function::split_from_left, arguments::wildcard_and_number,
     "{{splitfromleft(1,3)}}"},
    {"splitfromright", function::split_from_right, arguments::wildcard_and_number,
     "{{splitfromright(1,3)}}"},
    {"slicefromleft", function::slice_from_left, arguments::wildcard_and_number,
     "{{slicefromleft(1,3)}}"},
    {"slicefromright", function::slice_from_right, arguments::wildcard_and_number,
     "{{slicefromright(1,3)}}"},
    {"left", function::left, arguments::wildcard_and_number, "{{left(1,3)}}"},
    {"right", function::right, arguments::wildcard_and_number, "{{right(1,3)}}"},
    {"random", function::random, arguments::number, "{{random(10)}}"},
};

std::string_view trim(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == text.npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// A number from 0 to the largest the reference takes, or nothing.
std::optional<uint32_t> number_in(std::string_view text) {
  text = trim(text);
  uint32_t value = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || bad != std::errc{} || end != text.data() + text.size()
      || value > static_cast<uint32_t>(std::numeric_limits<int32_t>::max()))
    return std::nullopt;
  return value;
}

const known_function* find_function(std::string_view name) {
  std::string lower{name};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& known : known_functions)
    if (known.name == lower)
      return &known;
  return nullptr;
}

std::string all_functions() {
  std::string names;
  for (const auto& known : known_functions)
    names.append(names.empty() ? "" : ", ").append(known.name);
  return names;
}

/// "1,2, 3" cut at its commas; blanks after a comma go, as in the reference.
std::vector<std::string_view> cut_arguments(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    auto comma = text.find(',');
    out.push_back(text.substr(0, comma));
    if (comma == text.npos)
      return out;
    text.remove_prefix(comma + 1);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  }
}

bool take_wildcard(std::string_view text, transform_part& part) {
  auto index = number_in(text);
  if (!index || *index == 0)
    return false;
  part.tokens.push_back(*index);
  return true;
}

bool take_number(std::string_view text, transform_part& part) {
  auto number = number_in(text);
  part.number = number.value_or(0);
  return number.has_value();
}

bool take_arguments(const std::vector<std::string_view>& given, arguments takes,
                    transform_part& part) {
  switch (takes) {
  case arguments::wildcard: return given.size() == 1 && take_wildcard(given[0], part);
  case arguments::wildcard_and_number:
    return given.size() == 2 && take_wildcard(given[0], part) && take_number(given[1], part);
  case arguments::wildcard_and_text:
    if (given.size() != 2 || given[1].find(' ') != given[1].npos)
      return false;
    part.text = given[1];
    return take_wildcard(given[0], part);
  case arguments::number: return given.size() == 1 && take_number(given[0], part);
  case arguments::hash:
    if (!take_number(given[0], part))
      return false;
    for (size_t i = 1; i < given.size(); ++i) {
      auto index = number_in(given[i]); // 0 is the first token of the subject, as in the reference
      if (!index)
        return false;
      part.tokens.push_back(*index);
    }
    return true;
  }
  return false;
}

std::variant<transform_part, std::string> parse_function(std::string_view token) {
  auto inside = trim(token.substr(2, token.size() - 4));
  auto open = inside.find('(');
  auto name = trim(inside.substr(0, open));
  const auto* known = find_function(name);
  if (!known)
    return "\"" + std::string{token} + "\" names no mapping function; there are " + all_functions();
  auto usage = "\"" + std::string{token} + "\" is not written like " + std::string{known->usage};
  if (open == inside.npos || inside.back() != ')')
    return usage;
  transform_part part{known->what, 0, {}, {}};
  auto given = cut_arguments(inside.substr(open + 1, inside.size() - open - 2));
  if (!take_arguments(given, known->takes, part))
    return usage;
  return part;
}

uint32_t random_below(uint32_t bound) {
  thread_local std::minstd_rand source{std::random_device{}()};
  return bound == 0 ? 0 : static_cast<uint32_t>(source() % bound);
}

/// 32-bit FNV-1a, which every server of a cluster must agree on.
class fnv1a {
public:
  void add(std::string_view bytes) noexcept {
    for (char c : bytes)
      hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  uint32_t value() const noexcept { return hash_; }

private:
  uint32_t hash_ = 2166136261U;
};

void append_number(uint32_t value, std::string& to) {
  char digits[10];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to.append(digits, end);
}

/// `token` in pieces of `size` bytes with dots between, the first of them `first` bytes long.
void append_slices(std::string_view token, size_t first, size_t size, std::string& to) {
  to.append(token.substr(0, first));
  for (size_t at = first; at < token.size(); at += size)
    to.append(".").append(token.substr(at, size));
}

/// Cuts `token` at each `separator`, or between its characters if there is none. Empty pieces go; a
/// token of separators only stays whole, for a subject has no empty token.
void append_split(std::string_view token, std::string_view separator, std::string& to) {
  const auto before = to.size();
  while (!token.empty()) {
    size_t length = token.find(separator);
    size_t skip = separator.size();
    if (separator.empty())
      for (length = 1, skip = 0;
           length < token.size() && (static_cast<unsigned char>(token[length]) & 0xC0) == 0x80;)
        ++length;
    auto piece = token.substr(0, length);
    if (!piece.empty())
      to.append(to.size() == before ? "" : ".").append(piece);
    token.remove_prefix(std::min(token.size(), piece.size() + skip));
  }
}

void append_split_token(std::string_view token, std::string_view separator, std::string& to) {
  const auto before = to.size();
  append_split(token, separator, to);
  if (to.size() == before)
    to.append(token);
}

} // namespace

std::variant<transform_part, std::string> parse_transform_part(std::string_view token) {
  if (token == ">")
    return transform_part{function::tail, 0, {}, {}};
  // Other things begin with `$`: only a number makes it a wildcard.
  if (token.size() > 1 && token[0] == '$')
    if (auto index = number_in(token.substr(1))) {
      if (*index == 0)
        return "\"$0\" is no wildcard: the first is \"$1\"";
      return transform_part{function::wildcard, 0, {*index}, {}};
    }
  if (token.size() > 4 && token.substr(0, 2) == "{{" && token.substr(token.size() - 2) == "}}")
    return parse_function(token);
  return transform_part{function::literal, 0, {}, std::string{token}};
}

void append_part(const transform_part& part, std::string_view subject,
                 const std::vector<std::string_view>& tokens, std::string& to) {
  const auto token = part.tokens.empty() ? std::string_view{} : tokens[part.tokens[0]];
  const size_t size = part.number;
  // Too short to be cut, or cut by nothing: the token stays as it is.
  const bool fits = size > 0 && size < token.size();
  switch (part.what) {
  case function::literal: to.append(part.text); break;
  case function::tail: to.append(tokens.back()); break;
  case function::wildcard: to.append(token); break;
  case function::partition: {
    fnv1a hash;
    if (part.tokens.empty())
      hash.add(subject);
    for (auto index : part.tokens)
      hash.add(tokens[index]);
    append_number(part.number == 0 ? 0 : hash.value() % part.number, to);
    break;
  }
  case function::split: append_split_token(token, part.text, to); break;
  case function::split_from_left:
    append_slices(token, fits ? size : token.size(), token.size(), to);
    break;
  case function::split_from_right:
    append_slices(token, fits ? token.size() - size : token.size(), token.size(), to);
    break;
  case function::slice_from_left: append_slices(token, fits ? size : token.size(), size, to); break;
  case function::slice_from_right:
    append_slices(token,
                  !fits                 ? token.size()
                  : token.size() % size ? token.size() % size
                                        : size,
                  size, to);
    break;
  case function::left: to.append(fits ? token.substr(0, size) : token); break;
  case function::right: to.append(fits ? token.substr(token.size() - size) : token); break;
  case function::random: append_number(random_below(part.number), to); break;
  }
}

} // namespace troupe::protocol
