// cli/subject_argument.cpp: says what is wrong with a typed subject.
#include "cli/subject_argument.hpp"

#include "protocol/subject.hpp"

#include <fmt/core.h>

namespace troupe::cli {
namespace {

problem bad_subject(std::string_view subject) {
  problem out{fmt::format("\"{}\" is not a subject", subject), "", exit_code::usage};
  if (!subject.empty() && subject.front() == '.')
    out.hint = "the shell ate $SYS or another variable: put the subject in single quotes";
  else if (subject.find_first_of(" \t\r\n") != subject.npos)
    out.hint = "a subject has no blanks";
  else
    out.hint = "tokens are separated by single dots; `>` stands last";
  return out;
}

} // namespace

outcome check_subscription_argument(std::string_view subject) {
  if (protocol::is_valid_subscription(subject))
    return std::nullopt;
  return bad_subject(subject);
}

outcome check_publish_argument(std::string_view subject) {
  if (!protocol::is_valid_subscription(subject))
    return bad_subject(subject);
  if (protocol::is_valid_publish(subject))
    return std::nullopt;
  return problem{
      fmt::format("\"{}\" has a wildcard; messages are published to one subject", subject),
      "wildcards are for `troupe sub`", exit_code::usage};
}

} // namespace troupe::cli
