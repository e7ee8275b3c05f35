// actors/account_book.cpp: from a JWT to an account in the registry.
#include "actors/account_book.hpp"

#include "actors/account_policy.hpp"
#include "security/claims_rules.hpp"
#include "security/jwt.hpp"

#include <algorithm>
#include <utility>

namespace troupe::actors {

account_book::entry account_book::take(std::string_view jwt, std::string_view account, int64_t now,
                                       const keeping& keep) {
  entry out;
  out.account = account;
  if (const auto* known = find(account); known && !known->stale && is_in_force(account, jwt)) {
    out.what = entry::result::known;
    return out;
  }
  auto read = security::decode_account_jwt(jwt);
  if (auto* wrong = std::get_if<security::jwt_error>(&read)) {
    out.reason = wrong->reason;
    return out;
  }
  const auto& said = std::get<security::account_claims>(read);
  const auto& standard = said.standard;
  if (!account.empty() && standard.subject != account) {
    out.reason = "subject does not match jwt content: it is of account " + standard.subject;
    return out;
  }
  out.account = standard.subject;
  auto trust = operators_.now();
  if (out.reason = trust->refusal_of(said, now); !out.reason.empty()) {
    if (standard.not_before > now && trust->refusal_of(said, standard.not_before).empty())
      out.retry_at = standard.not_before;
    return out;
  }
  if (const auto* known = find(out.account)) {
    const bool same = is_in_force(out.account, jwt);
    if ((same && !known->stale) || known->issued_at > standard.issued_at) {
      out.what = same ? entry::result::known : entry::result::older;
      return out;
    }
  }
  if (keep)
    if (out.reason = keep(out.account); !out.reason.empty())
      return out;
  forget(out.account);
  record now_known{security::sha256(jwt), standard.issued_at, standard.expires, standard.issuer};
  security::toggle(digest_, now_known.text);
  accounts_.emplace(out.account, std::move(now_known));
  if (standard.expires != 0)
    ends_.emplace(standard.expires, out.account);
  out.problems = registry_.put(security::rules_of(said), trust->trust_in(said));
  out.what = entry::result::taken;
  return out;
}

const account_book::record* account_book::find(std::string_view account) const {
  auto known = accounts_.find(std::string{account});
  return known == accounts_.end() ? nullptr : &known->second;
}

bool account_book::is_in_force(std::string_view account, std::string_view jwt) const {
  const auto* known = find(account);
  return known && known->text == security::sha256(jwt);
}

void account_book::forget(const std::string& account) {
  auto known = accounts_.find(account);
  if (known == accounts_.end())
    return;
  security::toggle(digest_, known->second.text);
  accounts_.erase(known);
}

bool account_book::drop(std::string_view account) {
  std::string key{account};
  if (!has(key) || !registry_.remove(key, protocol::errc::account_expired))
    return false;
  forget(key);
  return true;
}

std::vector<std::string> account_book::let_expire(int64_t now) {
  std::vector<std::string> out;
  while (!ends_.empty() && ends_.begin()->first <= now) {
    auto key = std::move(ends_.extract(ends_.begin()).mapped());
    auto known = accounts_.find(key);
    if (known == accounts_.end() || known->second.expires == 0 || known->second.expires > now)
      continue; // of a JWT that was replaced in time
    // Brokers that never had it must come to the same digest. All zero counts for nothing.
    security::toggle(digest_, std::exchange(known->second.text, {}));
    registry_.review(key);
    out.push_back(std::move(key));
  }
  registry_.recheck_activations(now);
  return out;
}

std::vector<std::string> account_book::follow(operator_trust_ptr next) {
  auto before = operators_.now();
  operators_.follow(next);
  std::vector<std::string> gone;
  for (auto& [key, known] : accounts_)
    if (!next->is_trusted_issuer(known.issuer))
      gone.push_back(key);
    else if (next->is_strict(known.issuer) != before->is_strict(known.issuer))
      known.stale = true;
  for (const auto& key : gone) {
    forget(key);
    if (!registry_.remove(key, protocol::errc::authorization_violation))
      registry_.distrust(key);
  }
  return gone;
}

std::vector<std::string> account_book::accounts() const {
  std::vector<std::string> out;
  out.reserve(accounts_.size());
  for (const auto& [key, known] : accounts_)
    out.push_back(key);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace troupe::actors
