// config/permission_options.cpp: reads what a user may publish, subscribe to and answer.
#include "config/authorization_options.hpp"
#include "config/closest.hpp"
#include "config/duration.hpp"
#include "config/words.hpp"
#include "protocol/subject.hpp"

#include <algorithm>
#include <span>

namespace troupe::config {

namespace {

/// "subject", in subscribe lists also "subject queue".
bool is_valid_entry(std::string_view text, bool queues) {
  auto blank = text.find_first_of(" \t");
  if (queues && blank != text.npos) {
    auto queue = text.find_first_not_of(" \t", blank);
    return queue != text.npos && text.find_first_of(" \t", queue) == text.npos
           && protocol::is_valid_subscription(text.substr(0, blank))
           && protocol::is_valid_subscription(text.substr(queue));
  }
  return protocol::is_valid_subscription(text);
}

std::vector<std::string> read_subjects(const member& one, bool queues, findings& found) {
  std::vector<std::string> result;
  auto add = [&](const value& val) {
    if (val.kind == value::type::text && is_valid_entry(val.text, queues))
      result.push_back(val.text);
    else if (val.kind == value::type::text)
      found.error(one.where, "subject \"" + val.text + "\" is not a valid subject");
    else
      found.error(one.where, "Subject in permissions array cannot be cast to string");
  };
  if (one.val.kind == value::type::list)
    std::for_each(one.val.items.begin(), one.val.items.end(), add);
  else if (one.val.kind == value::type::text)
    add(one.val);
  else
    found.error(one.where, "Expected subject permissions to be a subject, or array of subjects, "
                           "got "
                               + describe(one.val));
  return result;
}

security::subject_rules read_rules(const member& one, bool queues, findings& found) {
  security::subject_rules rules;
  if (one.val.kind != value::type::map) {
    rules.allow = read_subjects(one, queues, found);
    return rules;
  }
  for (auto& side : one.val.members) {
    auto key = lower(side.key);
    if (key == "allow")
      rules.allow = read_subjects(side, queues, found);
    else if (key == "deny")
      rules.deny = read_subjects(side, queues, found);
    else if (!side.used_as_variable)
      found.error(side.where, "Unknown field name \"" + side.key
                                  + "\" parsing subject permissions, only 'allow' or 'deny' are "
                                    "permitted");
  }
  return rules;
}

constexpr std::string_view permission_keys[] = {"publish", "subscribe", "allow_responses"};
constexpr std::string_view response_keys[] = {"max", "expires"};

std::string unknown_field(const std::string& key, std::span<const std::string_view> known) {
  return "Unknown field \"" + key + "\" parsing permissions" + did_you_mean(lower(key), known);
}

void read_response_key(const member& one, security::response_rule& rule, findings& found) {
  auto key = lower(one.key);
  if (any_of(key, {"max", "max_msgs", "max_messages", "max_responses"})) {
    auto result = assign(&rule.max_messages, unit::count, one.key, one.val, dialect::nats);
    if (!result.error.empty())
      found.error(one.where, result.error);
    if (rule.max_messages == 0)
      rule.max_messages = security::response_rule{}.max_messages;
  } else if (any_of(key, {"expires", "expiration", "ttl"})) {
    auto result = assign(&rule.expires, unit::text_duration, "expires", one.val, dialect::nats);
    if (!result.error.empty())
      found.error(one.where, result.error);
    if (rule.expires == nanoseconds{0})
      rule.expires = security::response_rule{}.expires;
  } else if (!one.used_as_variable) {
    found.error(one.where, unknown_field(one.key, response_keys));
  }
}

std::optional<security::response_rule> read_responses(const member& one, findings& found) {
  auto word = one.val.plain ? lower(one.val.text) : std::string{};
  if (one.val.kind == value::type::boolean || word == "true" || word == "false") {
    bool on = one.val.kind == value::type::boolean ? one.val.boolean : word == "true";
    return on ? std::optional{security::response_rule{}} : std::nullopt;
  }
  if (one.val.kind != value::type::map) {
    found.error(one.where, "error parsing response permissions, expected a boolean or a map");
    return std::nullopt;
  }
  security::response_rule rule;
  for (auto& key : one.val.members)
    read_response_key(key, rule, found);
  return rule;
}

} // namespace

security::permission_rules read_permissions(const member& one, findings& found) {
  security::permission_rules rules;
  if (one.val.kind != value::type::map) {
    found.error(one.where, "Expected permissions to be a map/struct, got " + one.val.text);
    return rules;
  }
  for (auto& side : one.val.members) {
    auto key = lower(side.key);
    if (any_of(key, {"publish", "pub", "import"}))
      rules.publish = read_rules(side, false, found);
    else if (any_of(key, {"subscribe", "sub", "export"}))
      rules.subscribe = read_rules(side, true, found);
    else if (any_of(key, {"allow_responses", "publish_allow_responses"}))
      rules.responses = read_responses(side, found);
    else if (!side.used_as_variable)
      found.error(side.where, unknown_field(side.key, permission_keys));
  }
  return rules;
}

} // namespace troupe::config
