// security/permissions.cpp: the rules of accounts-and-auth.md section 8.
#include "security/permissions.hpp"

#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

constexpr std::string_view blanks = " \t";

struct entry {
  std::string_view subject;
  std::string_view queue;
  bool more = false; ///< words follow the queue
};

std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  auto word = rest.substr(0, rest.find_first_of(blanks));
  rest.remove_prefix(word.size());
  return word;
}

entry cut(std::string_view text) {
  entry e;
  e.subject = next_word(text);
  e.queue = next_word(text);
  e.more = !next_word(text).empty();
  return e;
}

std::string fault_of(const std::string& text, bool queue_allowed) {
  auto e = cut(text);
  if (e.subject.empty())
    return "is empty; write a subject such as \"orders.>\"";
  if (e.more)
    return queue_allowed ? "has more than two words; write \"subject\" or \"subject queue\""
                         : "has more than one word; write one subject per entry";
  if (!e.queue.empty() && !queue_allowed)
    return "names a queue, which only a subscribe list may do; write the subject alone";
  if (!protocol::is_valid_subscription(e.subject))
    return "is not a valid subject: no token may be empty, and `>` may only be the last token";
  if (!e.queue.empty() && !protocol::is_valid_subscription(e.queue))
    return "names an invalid queue: no token may be empty, and `>` may only be the last token";
  return {};
}

void check(const std::vector<std::string>& list, std::string_view where, std::string_view name,
           bool queue_allowed, std::vector<std::string>& out) {
  for (const auto& text : list)
    if (auto fault = fault_of(text, queue_allowed); !fault.empty())
      out.push_back(std::string{where} + ": " + std::string{name} + " entry \"" + text + "\" "
                    + fault);
}

void fill(subject_tree& tree, const std::vector<std::string>& list, bool queue_allowed) {
  for (const auto& text : list)
    if (fault_of(text, queue_allowed).empty()) {
      auto e = cut(text);
      tree.add(e.subject, e.queue);
    }
}

} // namespace

std::vector<std::string> validate(const permission_rules& rules, std::string_view where) {
  std::vector<std::string> out;
  check(rules.publish.allow, where, "publish allow", false, out);
  check(rules.publish.deny, where, "publish deny", false, out);
  check(rules.subscribe.allow, where, "subscribe allow", true, out);
  check(rules.subscribe.deny, where, "subscribe deny", true, out);
  return out;
}

permissions::permissions(permission_rules rules)
    : rules_{std::move(rules)},
      // Who may answer what he was asked may not publish anything else unless told so.
      any_publish_{rules_.publish.allow.empty() && !rules_.responses},
      any_subscribe_{rules_.subscribe.allow.empty()} {
  fill(publish_allow_, rules_.publish.allow, false);
  fill(publish_deny_, rules_.publish.deny, false);
  fill(subscribe_allow_, rules_.subscribe.allow, true);
  fill(subscribe_deny_, rules_.subscribe.deny, true);
}

bool permissions::may_publish(std::string_view subject) const {
  using relation = subject_tree::relation;
  return (any_publish_ || publish_allow_.find(subject, relation::matches).plain)
         && (publish_deny_.empty() || !publish_deny_.find(subject, relation::matches).plain);
}

subscribe_verdict permissions::may_subscribe(std::string_view subject,
                                             std::string_view queue) const {
  using relation = subject_tree::relation;
  if (!any_subscribe_) {
    auto allow = subscribe_allow_.find(subject, relation::contains, queue);
    // Entries that name queues for this subject speak about every queue of it.
    bool ok = !queue.empty() && allow.with_queue ? allow.queue_covered : allow.plain;
    if (!ok)
      return subscribe_verdict::refused;
  }
  if (subscribe_deny_.empty())
    return subscribe_verdict::allowed;
  auto deny = subscribe_deny_.find(subject, relation::contains, queue);
  if (deny.plain || deny.queue_covered)
    return subscribe_verdict::refused;
  if (protocol::is_literal(subject))
    return subscribe_verdict::allowed;
  auto partly = subscribe_deny_.find(subject, relation::overlaps, queue);
  return partly.plain || partly.queue_covered ? subscribe_verdict::allowed_filtered
                                              : subscribe_verdict::allowed;
}

bool permissions::may_deliver(std::string_view subject, std::string_view queue) const {
  if (subscribe_deny_.empty())
    return true;
  auto deny = subscribe_deny_.find(subject, subject_tree::relation::matches, queue);
  return !deny.plain && !deny.queue_covered;
}

} // namespace troupe::security
