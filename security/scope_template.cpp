// security/scope_template.cpp: `{{…}}` in permission lists; tags with several values multiply.
#include "security/scope_template.hpp"

#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

constexpr size_t max_entries = 4096;

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(" \t");
  return begin == text.npos ? std::string_view{}
                            : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> values_of_tag(std::string_view tag, const std::vector<std::string>& tags) {
  auto prefix = lower(tag) + ":";
  std::vector<std::string> out;
  for (const auto& one : tags)
    if (one.starts_with(prefix))
      out.push_back(one.substr(prefix.size()));
  return out;
}

/// Names are chosen by whoever asks for a JWT: `*` must not become everybody.
std::vector<std::string> value_of_name(std::string_view name) {
  if (name.find_first_of("*>") != name.npos)
    return {};
  return {std::string{name}};
}

/// The values of one operation, none if it is defined but has no value; false if it is unknown.
bool evaluate(std::string_view operation, const scope_values& values,
              std::vector<std::string>& out) {
  auto name = lower(operation);
  if (name == "name()")
    out = value_of_name(values.name);
  else if (name == "subject()")
    out = {std::string{values.subject}};
  else if (name == "account-name()")
    out = value_of_name(values.account_name);
  else if (name == "account-subject()")
    out = {std::string{values.account_subject}};
  else if (name.starts_with("account-tag(") && name.ends_with(')'))
    out = values_of_tag(operation.substr(12, operation.size() - 13), values.account_tags);
  else if (name.starts_with("tag(") && name.ends_with(')'))
    out = values_of_tag(operation.substr(4, operation.size() - 5), values.tags);
  else
    return false;
  // A blank would make a queue of what follows.
  std::erase_if(out, [](const auto& v) { return v.empty() || v.find_first_of(" \t") != v.npos; });
  return true;
}

/// The next `{{…}}` at or behind `from`; false if there is none.
bool find_operation(std::string_view entry, size_t from, size_t& begin, size_t& end) {
  for (begin = entry.find("{{", from); begin != entry.npos; begin = entry.find("{{", begin + 1)) {
    auto close = entry.find('}', begin + 2);
    if (close == entry.npos)
      return false;
    if (close > begin + 2 && entry.substr(close, 2) == "}}") {
      end = close + 2;
      return true;
    }
  }
  return false;
}

bool is_usable(std::string_view entry, bool queue_allowed) {
  auto blank = entry.find(' ');
  if (blank == entry.npos)
    return protocol::is_valid_subscription(entry);
  return queue_allowed && protocol::is_valid_subscription(entry.substr(0, blank))
         && protocol::is_valid_subscription(entry.substr(blank + 1));
}

/// All spellings of one entry; what is wrong with it is returned, and nothing if it is only that
/// some value is missing.
std::string expand(std::string_view entry, const scope_values& values,
                   std::vector<std::string>& out) {
  out = {std::string{}};
  size_t done = 0, begin = 0, end = 0;
  while (find_operation(entry, done, begin, end)) {
    std::vector<std::string> choices;
    if (!evaluate(trimmed(entry.substr(begin + 2, end - begin - 4)), values, choices))
      return "the scope's entry \"" + std::string{entry} + "\" has an operation that is not known";
    if (choices.size() * out.size() > max_entries)
      return "the scope's entry \"" + std::string{entry} + "\" expands to more than 4096 subjects";
    std::vector<std::string> longer;
    for (const auto& start : out)
      for (const auto& choice : choices)
        longer.push_back(start + std::string{entry.substr(done, begin - done)} + choice);
    out = std::move(longer);
    done = end;
  }
  for (auto& one : out)
    one += entry.substr(done);
  return {};
}

bool has_operation(const std::string& entry) {
  size_t begin = 0, end = 0;
  return find_operation(entry, 0, begin, end);
}

/// Returns why nobody can log in with this list, or nothing.
std::string fill_list(std::vector<std::string>& list, const scope_values& values,
                      bool queue_allowed, bool must_fit) {
  if (std::none_of(list.begin(), list.end(), has_operation))
    return {};
  std::vector<std::string> filled, spellings;
  for (const auto& entry : list) {
    if (auto fault = expand(entry, values, spellings); !fault.empty())
      return fault;
    auto usable = [&](const auto& one) { return is_usable(one, queue_allowed); };
    if (must_fit && (spellings.empty() || !std::all_of(spellings.begin(), spellings.end(), usable)))
      return "the scope's deny entry \"" + entry + "\" becomes no subject for this user";
    std::copy_if(spellings.begin(), spellings.end(), std::back_inserter(filled), usable);
    if (filled.size() > max_entries)
      return "the scope expands to more than 4096 subjects";
  }
  list = std::move(filled);
  return {};
}

std::string fill_permission(permission_list& lists, const scope_values& values,
                            bool queue_allowed) {
  bool allowed_something = !lists.allow.empty();
  auto fault = fill_list(lists.allow, values, queue_allowed, false);
  if (fault.empty())
    fault = fill_list(lists.deny, values, queue_allowed, true);
  if (allowed_something && lists.allow.empty())
    lists.deny.emplace_back(">");
  return fault;
}

} // namespace

std::variant<user_limits, std::string> fill_in(const user_limits& scope_template,
                                               const scope_values& values) {
  auto out = scope_template;
  auto fault = fill_permission(out.permissions.subscribe, values, true);
  if (fault.empty())
    fault = fill_permission(out.permissions.publish, values, false);
  if (!fault.empty())
    return fault;
  return out;
}

} // namespace troupe::security
