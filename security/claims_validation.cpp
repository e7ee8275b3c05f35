// security/claims_validation.cpp: the rules for every kind but accounts' exports and imports.
#include "security/claims_validation.hpp"

#include "protocol/one_line.hpp"
#include "security/claims_rules.hpp"
#include "security/nkey.hpp"
#include "security/problem_list.hpp"
#include "security/time_zone.hpp"

namespace troupe::security {

using protocol::quoted;

namespace {

void check_times(const standard_claims& said, int64_t now, problem_list& found) {
  using enum claim_problem::weight;
  if (said.expires > 0 && now > said.expires)
    found.add(time, "it has expired");
  if (said.not_before > 0 && said.not_before > now)
    found.add(time, "it is not yet valid");
}

void check_key(std::string_view key, nkey_kind kind, std::string_view what, problem_list& found) {
  if (!is_public_nkey(key, kind))
    found.block(std::string{what} + " " + quoted(key) + " is no public "
                + std::string{to_string(kind)} + " key");
}

void check_entry(const std::string& entry, bool queue_allowed, problem_list& found) {
  auto blank = entry.find(' ');
  check_subject(entry.substr(0, blank), "a permission", found);
  if (blank == entry.npos)
    return;
  if (!queue_allowed)
    found.block("the permission " + quoted(entry) + " names a queue, which only `sub` may do");
  check_subject(entry.substr(blank + 1), "the queue of a permission", found);
}

void check_limits(const user_limits& limits, problem_list& found) {
  check_permissions(limits.permissions, found);
  for (const auto& source : limits.sources)
    if (!address_range::parse(source))
      found.block("the source " + quoted(source) + " is no address range such as 192.0.2.0/24");
  for (const auto& range : limits.times)
    for (const auto* time : {&range.start, &range.end})
      if (!parse_time_of_day(*time))
        found.block("the time " + quoted(*time) + " is not written as HH:MM:SS");
  if (!limits.times_location.empty() && !time_zone::find(limits.times_location))
    found.block("the time zone " + quoted(limits.times_location) + " is not known here");
}

std::string_view scheme_of(std::string_view url) {
  auto end = url.find("://");
  return end == url.npos ? std::string_view{} : url.substr(0, end);
}

void check_service_url(std::string_view url, problem_list& found) {
  auto scheme = scheme_of(url);
  auto rest = scheme.empty() ? url : url.substr(scheme.size() + 3);
  bool known = scheme == "nats" || scheme == "tls" || scheme == "ws" || scheme == "wss";
  if (!known || rest.empty() || rest.find_first_of("/@") != rest.npos)
    found.block("the service URL " + quoted(url)
                + " must be nats, tls, ws or wss://host:port, without user and path");
}

bool is_version(std::string_view text) {
  int dots = 0;
  bool digit = false;
  for (char c : text) {
    if (c != '.' && (c < '0' || c > '9'))
      return false;
    if (c == '.' && !digit)
      return false;
    digit = c != '.';
    dots += c == '.' ? 1 : 0;
  }
  return digit && dots == 2 && text.size() < 24;
}

} // namespace

void check_subject(std::string_view subject, std::string_view what, problem_list& found) {
  auto say = [&](std::string_view fault) {
    found.block(std::string{what} + " has the subject " + quoted(subject) + ", which "
                + std::string{fault});
  };
  if (subject.empty())
    return say("is empty");
  if (subject.find_first_of(" \t\r\n") != subject.npos)
    say("has a blank");
  if (subject.front() == '.' || subject.back() == '.')
    say("begins or ends with a dot");
  if (subject.find("..") != subject.npos)
    say("has two dots in a row");
}

void check_permissions(const permission_claims& permissions, problem_list& found) {
  for (const auto* list : {&permissions.subscribe.allow, &permissions.subscribe.deny})
    for (const auto& entry : *list)
      check_entry(entry, true, found);
  for (const auto* list : {&permissions.publish.allow, &permissions.publish.deny})
    for (const auto& entry : *list)
      check_entry(entry, false, found);
}

void check_info(std::string_view description, std::string_view url, problem_list& found) {
  constexpr size_t longest = 8 * 1024;
  if (description.size() > longest)
    found.block("a description is longer than 8 KiB");
  if (url.size() > longest)
    found.block("an info_url is longer than 8 KiB");
  else if (!url.empty() && (scheme_of(url).empty() || url.size() == scheme_of(url).size() + 3))
    found.block("the info_url " + quoted(url) + " is no URL with scheme and host");
}

std::vector<claim_problem> validate(const operator_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  if (!what.account_server_url.empty() && what.account_server_url.find(':') == std::string::npos)
    found.block("account_server_url " + quoted(what.account_server_url) + " has no scheme");
  for (const auto& url : what.service_urls)
    if (!url.empty())
      check_service_url(url, found);
  for (const auto& key : what.signing_keys)
    check_key(key, nkey_kind::operator_key, "the signing key", found);
  if (!what.system_account.empty())
    check_key(what.system_account, nkey_kind::account, "the system account", found);
  if (!what.assert_server_version.empty() && !is_version(what.assert_server_version))
    found.block("assert_server_version " + quoted(what.assert_server_version)
                + " is not written as MAJOR.MINOR.UPDATE");
  return std::move(found.all);
}

std::vector<claim_problem> validate(const account_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  check_account(what, found);
  for (const auto& one : what.signing_keys)
    check_key(one.key, nkey_kind::account, "the signing key", found);
  for (const auto& user : what.callout.auth_users)
    check_key(user, nkey_kind::user, "the callout's user", found);
  const auto& allowed = what.callout.allowed_accounts;
  if (!allowed.empty() && what.callout.auth_users.empty())
    found.block("the callout has allowed_accounts but no auth_users");
  for (const auto& account : allowed)
    if (account != "*")
      check_key(account, nkey_kind::account, "the callout's allowed account", found);
    else if (allowed.size() > 1)
      found.block("the callout's allowed_accounts must be \"*\" alone or a list of accounts");
  if (!what.callout.xkey.empty())
    check_key(what.callout.xkey, nkey_kind::curve, "the callout's xkey", found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const user_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  check_limits(what.limits, found);
  if (!what.issuer_account.empty())
    check_key(what.issuer_account, nkey_kind::account, "issuer_account", found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const activation_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  if (!what.kind)
    found.block("it says neither stream nor service");
  check_subject(what.subject, "the activation", found);
  if (!what.issuer_account.empty())
    check_key(what.issuer_account, nkey_kind::account, "issuer_account", found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const authorization_request_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  check_key(what.user_nkey, nkey_kind::user, "user_nkey", found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const authorization_response_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  check_key(what.standard.subject, nkey_kind::user, "the subject", found);
  check_key(what.standard.audience, nkey_kind::server, "the audience", found);
  if (what.jwt.empty() && what.error.empty())
    found.block("it has neither a JWT nor an error");
  if (!what.jwt.empty() && !what.error.empty())
    found.block("it has both a JWT and an error");
  if (!what.issuer_account.empty())
    check_key(what.issuer_account, nkey_kind::account, "issuer_account", found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const generic_claims& what, int64_t now) {
  problem_list found;
  check_times(what.standard, now, found);
  return std::move(found.all);
}

std::vector<claim_problem> validate(const claims& what, int64_t now) {
  return std::visit([now](const auto& kind) { return validate(kind, now); }, what);
}

std::vector<std::string> blocking(const std::vector<claim_problem>& problems) {
  std::vector<std::string> out;
  for (const auto& one : problems)
    if (one.how_bad != claim_problem::weight::warning)
      out.push_back(one.text);
  return out;
}

} // namespace troupe::security
