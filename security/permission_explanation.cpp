// security/permission_explanation.cpp: reads lists from top to bottom.
#include "security/permission_explanation.hpp"

#include "protocol/subject.hpp"

#include <functional>
#include <vector>

namespace troupe::security {
namespace {

using lists = std::vector<std::string>;

struct parts {
  std::string_view subject, queue;
};

parts cut(std::string_view entry) {
  auto blank = entry.find_first_of(" \t");
  if (blank == entry.npos)
    return {entry, {}};
  auto queue = entry.find_first_not_of(" \t", blank);
  return {entry.substr(0, blank), queue == entry.npos ? std::string_view{} : entry.substr(queue)};
}

std::string quoted(std::string_view entry) {
  return "\"" + std::string{entry} + "\"";
}

std::string all_of(const lists& entries) {
  std::string out;
  for (const auto& one : entries)
    out += (out.empty() ? "" : ", ") + quoted(one);
  return out;
}

/// The first entry whose subject part stands in the relation and whose queue part passes; null if
/// there is none.
const std::string* first(const lists& entries,
                         const std::function<bool(std::string_view subject)>& fits,
                         const std::function<bool(std::string_view queue)>& passes) {
  for (const auto& one : entries) {
    auto [subject, queue] = cut(one);
    if (fits(subject) && passes(queue))
      return &one;
  }
  return nullptr;
}

/// Empty: some entry allows it, named in `rule`; otherwise why none does.
bool is_in_allow_list(const lists& allow, std::string_view subject, std::string_view queue,
                      std::string& rule) {
  auto contains = [&](std::string_view pattern) { return protocol::is_subset(subject, pattern); };
  auto plain = [](std::string_view entry_queue) { return entry_queue.empty(); };
  auto named = [](std::string_view entry_queue) { return !entry_queue.empty(); };
  auto covers = [&](std::string_view entry_queue) {
    return !entry_queue.empty() && queue_covers(entry_queue, queue);
  };
  const auto* speaks = first(allow, contains, named);
  if (!queue.empty() && speaks != nullptr) {
    // Once an entry names a queue for this subject, entries without one no longer speak of queues.
    if (const auto* entry = first(allow, contains, covers)) {
      rule = "subscribe allow " + quoted(*entry);
      return true;
    }
    rule = "subscribe allow " + quoted(*speaks) + " is for another queue than " + quoted(queue);
    return false;
  }
  if (const auto* entry = first(allow, contains, plain)) {
    rule = "subscribe allow " + quoted(*entry);
    return true;
  }
  if (speaks != nullptr)
    rule = "subscribe allow " + quoted(*speaks) + " is for members of that queue only";
  else
    rule = "no entry of subscribe allow contains it: " + all_of(allow);
  return false;
}

} // namespace

permission_explanation explain_publish(const permission_rules& rules, std::string_view subject) {
  auto fits = [&](std::string_view pattern) { return protocol::matches(subject, pattern); };
  auto any = [](std::string_view) { return true; };
  const auto& said = rules.publish;
  std::string answers = rules.responses ? "; it may still be the answer to a request" : "";
  if (const auto* entry = first(said.deny, fits, any))
    return {false, false, "publish deny " + quoted(*entry) + answers};
  if (said.allow.empty() && !rules.responses)
    return {true, false, "no publish allow list restricts it"};
  if (said.allow.empty())
    return {false, false,
            "allow_responses without a publish allow list leaves nothing but answers"};
  if (const auto* entry = first(said.allow, fits, any))
    return {true, false, "publish allow " + quoted(*entry)};
  return {false, false, "no entry of publish allow matches it: " + all_of(said.allow) + answers};
}

permission_explanation explain_subscribe(const permission_rules& rules, std::string_view subject,
                                         std::string_view queue) {
  const auto& said = rules.subscribe;
  permission_explanation out{true, false, "no subscribe allow list restricts it"};
  if (!said.allow.empty() && !is_in_allow_list(said.allow, subject, queue, out.rule)) {
    out.allowed = false;
    return out;
  }
  auto concerns = [&](std::string_view entry_queue) {
    return entry_queue.empty() || (!queue.empty() && queue_covers(entry_queue, queue));
  };
  auto contains = [&](std::string_view pattern) { return protocol::is_subset(subject, pattern); };
  if (const auto* entry = first(said.deny, contains, concerns))
    return {false, false, "subscribe deny " + quoted(*entry)};
  auto overlaps = [&](std::string_view pattern) { return protocol::overlaps(subject, pattern); };
  if (protocol::is_literal(subject))
    return out;
  if (const auto* entry = first(said.deny, overlaps, concerns)) {
    out.filtered = true;
    out.rule += "; messages that subscribe deny " + quoted(*entry) + " holds are left out";
  }
  return out;
}

} // namespace troupe::security
