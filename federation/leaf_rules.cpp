// federation/leaf_rules.cpp: permissions and deny lists of both ends, made one for each way.
#include "federation/leaf_rules.hpp"

#include "protocol/subject.hpp"

#include <algorithm>
#include <array>

namespace troupe::federation {

namespace {

using security::permission_rules;
using security::permissions_ptr;
using security::subject_rules;

/// Two JetStreams without names of their own must not become one by accident.
constexpr std::array<std::string_view, 3> never_bridged{"$JS.API.>", "$KV.>", "$OBJ.>"};

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

permissions_ptr made(subject_rules rules, bool system,
                     std::optional<security::response_rule> responses = {}) {
  if (!system)
    for (auto each : never_bridged)
      rules.deny.emplace_back(each);
  if (rules == subject_rules{} && !responses)
    return {};
  permission_rules out;
  out.publish = std::move(rules);
  out.responses = responses;
  return protocol::make_ref<const security::permissions>(std::move(out));
}

/// A subscription may be allowed for a queue alone; what it brings is a message like any other.
/// What is denied for a queue alone is not denied as such.
subject_rules without_queues(const subject_rules& from) {
  subject_rules out;
  for (const auto& each : from.allow)
    out.allow.push_back(each.substr(0, each.find(' ')));
  for (const auto& each : from.deny)
    if (each.find(' ') == each.npos)
      out.deny.push_back(each);
  return out;
}

subject_rules said_by(const std::optional<protocol::link_permissions>& side) {
  return side ? subject_rules{side->allow, side->deny} : subject_rules{};
}

} // namespace

leaf_rules rules_for_leaf(const permissions_ptr& user, const std::vector<std::string>& deny_pub,
                          bool system) {
  subject_rules down, up;
  std::optional<security::response_rule> responses;
  if (user) {
    down = without_queues(user->rules().subscribe);
    up = user->rules().publish;
    responses = user->responses();
  }
  append(down.deny, deny_pub);
  return {made(std::move(down), system), made(std::move(up), system, responses)};
}

leaf_rules rules_for_hub(const protocol::link_info& hub,
                         const std::vector<std::string>& deny_imports,
                         const std::vector<std::string>& deny_exports, bool system) {
  auto up = said_by(hub.export_);
  auto down = without_queues(said_by(hub.import_));
  append(up.deny, deny_exports);
  append(down.deny, deny_imports);
  return {made(std::move(up), system), made(std::move(down), system)};
}

bool passes(const permissions_ptr& rules, std::string_view subject) {
  return !rules || subject.starts_with("_R_.") || subject.starts_with("$JS.ACK.")
         || rules->may_publish(subject);
}

bool is_of_links(std::string_view subject) {
  return subject.starts_with("$LDS.") || subject.starts_with("_GR_.")
         || subject.starts_with("$GR.");
}

bool may_pass(const permissions_ptr& rules, std::string_view pattern) {
  if (!rules || is_of_links(pattern))
    return true;
  if (protocol::is_literal(pattern))
    return passes(rules, pattern);
  const auto& all = rules->rules().publish;
  auto denies = [&](const auto& each) { return protocol::is_subset(pattern, each); };
  auto allows = [&](const auto& each) { return protocol::overlaps(pattern, each); };
  return std::none_of(all.deny.begin(), all.deny.end(), denies)
         && ((all.allow.empty() && !rules->responses())
             || std::any_of(all.allow.begin(), all.allow.end(), allows));
}

std::optional<protocol::link_permissions> told_to_leaf(const subject_rules& rules) {
  if (rules == subject_rules{})
    return {};
  return protocol::link_permissions{rules.allow, rules.deny};
}

} // namespace troupe::federation
