// protocol/subject_transform.cpp: builds transforms, carries them out, turns them round.
#include "protocol/subject_transform.hpp"

#include "protocol/one_line.hpp"
#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::protocol {
namespace {

using function = transform_part::function;

/// The positions of the `*` among the tokens of a pattern.
std::vector<uint32_t> star_positions(std::string_view pattern) {
  std::vector<uint32_t> out;
  uint32_t at = 0;
  for (token_walk w{pattern}; !w.done(); w.advance(), ++at)
    if (w.token() == "*")
      out.push_back(at);
  return out;
}

bool ends_in_full_wildcard(std::string_view pattern) {
  return pattern == ">" || (pattern.size() > 2 && pattern.substr(pattern.size() - 2) == ".>");
}

/// Reads the destination's tokens, or says what is wrong with one of them.
std::variant<std::vector<transform_part>, std::string> read_parts(std::string_view destination,
                                                                  subject_transform::dialect what) {
  std::vector<transform_part> parts;
  uint32_t stars = 0;
  for (token_walk w{destination}; !w.done(); w.advance()) {
    if (w.token().empty())
      return "the destination " + quoted(destination) + " has an empty token";
    if (w.token() == ">" && !w.last())
      return "in the destination " + quoted(destination) + " \">\" is not the last token";
    if (w.token() == "*") {
      if (what == subject_transform::dialect::mapping)
        return "the destination " + quoted(destination)
               + " has a \"*\": \"$1\" stands for what the source's first \"*\" matched";
      parts.push_back({function::wildcard, 0, {++stars}, {}});
      continue;
    }
    auto part = parse_transform_part(w.token());
    if (auto* wrong = std::get_if<std::string>(&part))
      return "in the destination " + quoted(destination) + " " + *wrong;
    auto& read = std::get<transform_part>(part);
    if (read.what == function::literal && !is_valid_subscription(read.text))
      return "the destination " + quoted(destination) + " has a blank in a token";
    parts.push_back(std::move(read));
  }
  return parts;
}

/// Turns wildcards counted from 1 into positions of the source's tokens. Returns what is wrong.
std::string place_wildcards(std::vector<transform_part>& parts, std::string_view source,
                            std::string_view destination) {
  const auto stars = star_positions(source);
  const bool literal = is_literal(source);
  for (auto& part : parts) {
    // Without wildcards there is nothing to choose from: the hash is that of the whole subject.
    if (part.what == function::partition && literal)
      part.tokens.clear();
    for (auto& index : part.tokens) {
      if (index > stars.size())
        return "the destination " + quoted(destination) + " takes wildcard " + std::to_string(index)
               + ", but the source " + quoted(source) + " has "
               + (stars.empty() ? "no \"*\"" : std::to_string(stars.size()) + " \"*\"");
      index = index == 0 ? 0 : stars[index - 1];
    }
  }
  return {};
}

/// An import must be reversible: every wildcard of the source once, and nothing else.
std::string check_import(const std::vector<transform_part>& parts, std::string_view source,
                         std::string_view destination) {
  // Turned round, the source becomes a destination: no word of it may read like a wildcard.
  for (token_walk w{source}; !w.done(); w.advance())
    if (auto part = parse_transform_part(w.token());
        w.token() != ">"
        && (!std::holds_alternative<transform_part>(part)
            || std::get<transform_part>(part).what != function::literal))
      return "the source " + quoted(source) + " has " + quoted(w.token())
             + ", which only a destination can have; a \"*\" takes any token";
  std::vector<uint32_t> used;
  for (const auto& part : parts) {
    if (part.what == function::wildcard)
      used.push_back(part.tokens[0]);
    else if (part.what != function::literal && part.what != function::tail)
      return "the destination " + quoted(destination)
             + " uses a mapping function, but an import can only reorder wildcards "
               "(\"$1\", \"{{wildcard(1)}}\")";
  }
  std::sort(used.begin(), used.end());
  if (used != star_positions(source))
    return "the destination " + quoted(destination) + " must use each \"*\" of " + quoted(source)
           + " exactly once";
  return {};
}

std::string check_ends(std::string_view source, std::string_view destination) {
  if (!is_valid_subscription(source))
    return "the source " + quoted(source)
           + " is no subject: no empty token, no blank, \">\" only at its end";
  if (ends_in_full_wildcard(source) != ends_in_full_wildcard(destination))
    return "either both or none of " + quoted(source) + " and " + quoted(destination)
           + " must end in \">\"";
  return {};
}

bool keeps_names(const std::vector<transform_part>& parts, std::string_view source) {
  if (parts.size() != token_count(source))
    return false;
  uint32_t at = 0;
  for (token_walk w{source}; !w.done(); w.advance(), ++at) {
    const auto& part = parts[at];
    const bool same = w.token() == "*"   ? part.what == function::wildcard && part.tokens[0] == at
                      : w.token() == ">" ? part.what == function::tail
                                         : part.what == function::literal && part.text == w.token();
    if (!same)
      return false;
  }
  return true;
}

void append_token(std::string_view token, std::string& to) {
  if (!to.empty())
    to.push_back('.');
  to.append(token);
}

} // namespace

subject_transform::subject_transform(std::string_view source, std::string_view destination)
    : source_{source}, destination_{destination}, source_tokens_{
                                                      static_cast<uint32_t>(token_count(source))} {}

std::variant<subject_transform, std::string>
subject_transform::make(std::string_view source, std::string_view destination, dialect what) {
  auto read = read_parts(destination, what);
  if (auto* wrong = std::get_if<std::string>(&read))
    return *wrong;
  subject_transform out{source, destination};
  out.parts_ = std::move(std::get<std::vector<transform_part>>(read));
  if (auto wrong = check_ends(source, destination); !wrong.empty())
    return wrong;
  if (auto wrong = place_wildcards(out.parts_, source, destination); !wrong.empty())
    return wrong;
  if (what == dialect::import)
    if (auto wrong = check_import(out.parts_, source, destination); !wrong.empty())
      return wrong;
  out.identity_ = keeps_names(out.parts_, source);
  if (std::all_of(out.parts_.begin(), out.parts_.end(),
                  [](const auto& part) { return part.what == function::literal; }))
    std::vector<transform_part>{}.swap(out.parts_); // the text says all, for thousands of accounts
  else
    out.parts_.shrink_to_fit();
  return out;
}

std::string subject_transform::destination_pattern() const {
  if (parts_.empty())
    return destination_;
  std::string out;
  for (const auto& part : parts_)
    append_token(part.what == function::literal ? std::string_view{part.text}
                 : part.what == function::tail  ? ">"
                                                : "*",
                 out);
  return out;
}

std::optional<std::string> subject_transform::apply(std::string_view subject) const {
  if (!matches(subject, source_))
    return std::nullopt;
  std::string out;
  apply_to(subject, out);
  return out;
}

void subject_transform::apply_to(std::string_view subject, std::string& to) const {
  if (identity_) {
    to.append(subject);
    return;
  }
  if (parts_.empty()) {
    to.append(destination_);
    return;
  }
  // The source's last token takes all that is left: only a `>` can leave more than one.
  thread_local std::vector<std::string_view> tokens;
  tokens.clear();
  auto rest = subject;
  while (tokens.size() + 1 < source_tokens_) {
    auto dot = rest.find('.');
    tokens.push_back(rest.substr(0, dot));
    rest.remove_prefix(dot == rest.npos ? rest.size() : dot + 1);
  }
  tokens.push_back(rest);
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (i != 0)
      to.push_back('.');
    append_part(parts_[i], subject, tokens, to);
  }
}

subject_transform subject_transform::reversed() const {
  // The n-th wildcard of the destination goes where the source had the `*` it was made from.
  std::vector<std::string> back(source_tokens_);
  uint32_t nth = 0;
  for (const auto& part : parts_)
    if (part.what == function::wildcard)
      back[part.tokens[0]] = "$" + std::to_string(++nth);
  std::string to;
  uint32_t at = 0;
  for (token_walk w{source_}; !w.done(); w.advance(), ++at)
    append_token(back[at].empty() ? w.token() : std::string_view{back[at]}, to);
  auto made = make(destination_pattern(), to, dialect::import);
  if (auto* out = std::get_if<subject_transform>(&made))
    return *out;
  return *this; // not a transform of imports
}

std::optional<std::string> subject_transform::pull_back(std::string_view wanted) const {
  if (parts_.empty())
    return matches(destination_, wanted) ? std::optional{source_} : std::nullopt;
  std::vector<std::string_view> bound(source_tokens_);
  auto rest = wanted;
  bool all = false; // `wanted` had its `>`: it takes whatever comes
  bool at_end = false;
  for (const auto& part : parts_) {
    if (at_end && !all)
      return std::nullopt;
    if (!all && part.what == function::tail) {
      bound.back() = rest;
      at_end = true;
      break;
    }
    auto dot = rest.find('.');
    auto token = rest.substr(0, dot);
    if (!all && token == ">" && dot == rest.npos)
      all = at_end = true;
    if (all)
      token = part.what == function::tail ? ">" : "*";
    if (part.what == function::literal && token != "*" && token != part.text)
      return std::nullopt;
    if (part.what == function::wildcard)
      bound[part.tokens[0]] = token;
    if (part.what == function::tail)
      bound.back() = token;
    if (!all) {
      at_end = dot == rest.npos;
      rest.remove_prefix(at_end ? rest.size() : dot + 1);
    }
  }
  if (!at_end)
    return std::nullopt;
  std::string out;
  uint32_t at = 0;
  for (token_walk w{source_}; !w.done(); w.advance(), ++at)
    append_token(w.token() == "*" || w.token() == ">" ? bound[at] : w.token(), out);
  return out;
}

} // namespace troupe::protocol
