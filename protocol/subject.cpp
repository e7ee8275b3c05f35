// protocol/subject.cpp: the algebra of subjects, token by token.
#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::protocol {
namespace {

bool has_separator(std::string_view subject) noexcept {
  return subject.find_first_of(" \t\r\n\f") != subject.npos;
}

} // namespace

size_t token_count(std::string_view subject) noexcept {
  return static_cast<size_t>(std::count(subject.begin(), subject.end(), '.')) + 1;
}

bool is_valid_subscription(std::string_view subject) noexcept {
  if (has_separator(subject))
    return false;
  for (token_walk w{subject}; !w.done(); w.advance())
    if (w.token().empty() || (w.token() == ">" && !w.last()))
      return false;
  return true;
}

bool is_valid_publish(std::string_view subject) noexcept {
  return is_valid_subscription(subject) && is_literal(subject);
}

bool is_literal(std::string_view subject) noexcept {
  if (subject.find_first_of("*>") == subject.npos)
    return true;
  for (token_walk w{subject}; !w.done(); w.advance())
    if (w.token() == "*" || w.token() == ">")
      return false;
  return true;
}

bool matches(std::string_view subject, std::string_view pattern) noexcept {
  token_walk s{subject};
  for (token_walk p{pattern};; s.advance(), p.advance()) {
    if (p.done() || s.done())
      return p.done() && s.done();
    if (s.token().empty())
      return false;
    if (p.token() == ">" && p.last()) {
      for (; !s.done(); s.advance())
        if (s.token().empty())
          return false;
      return true;
    }
    if (p.token() != "*" && p.token() != s.token())
      return false;
  }
}

bool is_subset(std::string_view inner, std::string_view outer) noexcept {
  token_walk i{inner};
  for (token_walk o{outer};; i.advance(), o.advance()) {
    if (o.done() || i.done())
      return o.done() && i.done();
    if (o.token() == ">" && o.last())
      return true;
    if (i.token() == ">" && i.last())
      return false;
    if (o.token() != "*" && (i.token() == "*" || i.token() != o.token()))
      return false;
  }
}

bool overlaps(std::string_view a, std::string_view b) noexcept {
  token_walk x{a};
  for (token_walk y{b};; x.advance(), y.advance()) {
    if (x.done() || y.done())
      return x.done() && y.done();
    if ((x.token() == ">" && x.last()) || (y.token() == ">" && y.last()))
      return true;
    if (x.token() != "*" && y.token() != "*" && x.token() != y.token())
      return false;
  }
}

} // namespace troupe::protocol
