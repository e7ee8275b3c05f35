// actors/account_book.cpp: from a JWT to an account in the registry.
#include "actors/account_book.hpp"

#include "actors/account_policy.hpp"
#include "security/claims_rules.hpp"
#include "security/jwt.hpp"

#include <algorithm>

namespace troupe::actors {

account_book::entry account_book::take(std::string_view jwt, std::string_view account,
                                       int64_t now) {
  entry out;
  out.account = account;
  auto text = security::sha256(jwt);
  if (auto known = accounts_.find(out.account);
      known != accounts_.end() && known->second.text == text) {
    out.what = entry::result::known;
    return out;
  }
  auto read = security::decode_account_jwt(jwt);
  if (auto* wrong = std::get_if<security::jwt_error>(&read)) {
    out.reason = wrong->reason;
    return out;
  }
  const auto& said = std::get<security::account_claims>(read);
  if (!account.empty() && said.standard.subject != account) {
    out.reason = "the JWT is of account " + said.standard.subject;
    return out;
  }
  out.account = said.standard.subject;
  auto trust = operators_.now();
  if (out.reason = trust->refusal_of(said, now); !out.reason.empty())
    return out;
  if (auto known = accounts_.find(out.account); known != accounts_.end()) {
    if (known->second.text == text || known->second.issued_at > said.standard.issued_at) {
      out.what = entry::result::known;
      return out;
    }
  }
  accounts_[out.account] = {text, said.standard.issued_at, said.standard.issuer};
  if (said.standard.expires != 0)
    ends_.emplace(said.standard.expires, out.account);
  out.problems = registry_.put(security::rules_of(said), trust->trust_in(said));
  out.what = entry::result::taken;
  return out;
}

bool account_book::drop(std::string_view account) {
  auto known = accounts_.find(std::string{account});
  if (known == accounts_.end() || !registry_.remove(account, protocol::errc::account_expired))
    return false;
  accounts_.erase(known);
  return true;
}

void account_book::let_expire(int64_t now) {
  while (!ends_.empty() && ends_.begin()->first <= now) {
    registry_.review(ends_.begin()->second);
    ends_.erase(ends_.begin());
  }
  registry_.recheck_activations(now);
}

std::vector<std::string> account_book::follow(operator_trust_ptr next, int64_t) {
  operators_.follow(next);
  std::vector<std::string> gone;
  for (const auto& [key, known] : accounts_)
    if (!next->is_trusted_issuer(known.issuer))
      gone.push_back(key);
  for (const auto& key : gone) {
    accounts_.erase(key);
    registry_.remove(key, protocol::errc::authorization_violation);
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

std::string account_book::digest() const {
  security::sha256_digest all{};
  for (const auto& [key, known] : accounts_)
    security::toggle(all, known.text);
  return security::to_hex(all);
}

} // namespace troupe::actors
