// security/client_hosts.cpp: compares addresses, and takes from users what servers may not.
#include "security/client_hosts.hpp"

#include "protocol/quote.hpp"
#include "protocol/subject.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

/// An address alone is a network of one.
std::optional<address_range> range_of(const std::string& item) {
  if (item.find('/') != item.npos)
    return address_range::parse(item);
  return address_range::parse(item + (item.find(':') == item.npos ? "/32" : "/128"));
}

void append(std::vector<std::string>& to, std::initializer_list<const char*> more) {
  to.insert(to.end(), more.begin(), more.end());
}

} // namespace

std::vector<std::string> faults_of_hosts(const std::vector<std::string>& items) {
  std::vector<std::string> out;
  for (const auto& each : items)
    if (!range_of(each))
      out.push_back("\"" + protocol::quotable(each)
                    + "\" must be an address such as 10.1.2.3 or a network such as 10.0.0.0/8");
  return out;
}

client_hosts::client_hosts(const std::vector<std::string>& items, bool deny_others)
    : deny_others_{deny_others} {
  for (const auto& each : items)
    if (auto range = range_of(each))
      listed_.push_back(*range);
  if (!items.empty())
    others_ = protocol::make_ref<const permissions>(restrict({}));
}

bool client_hosts::lists(std::string_view address) const {
  return std::any_of(listed_.begin(), listed_.end(),
                     [&](const auto& each) { return each.contains(address); });
}

permission_rules client_hosts::restrict(permission_rules rules) const {
  if (deny_others_) {
    append(rules.publish.deny, {">"});
    append(rules.subscribe.deny, {">"});
    return rules;
  }
  append(rules.publish.deny, {"*.broadcast.agent.>", "*.broadcast.service.>", "*.node.>",
                              "choria.federation.*.federation"});
  append(rules.subscribe.deny, {"*.reply.>", "choria.federation.>", "choria.lifecycle.>"});
  return rules;
}

permissions_ptr client_hosts::narrow(permissions_ptr of_user, std::string_view address) const {
  if (!active() || lists(address))
    return of_user;
  if (!of_user)
    return others_;
  return protocol::make_ref<const permissions>(restrict(of_user->rules()));
}

bool client_hosts::may_register(const permissions_ptr& of_user, std::string_view subject) const {
  return !deny_others_ && protocol::matches(subject, "*.broadcast.agent.registration")
         && (!of_user || of_user->may_publish(subject));
}

bool client_hosts::may_answer(std::string_view subject) const {
  return !others_ || others_->may_publish(subject);
}

} // namespace troupe::security
