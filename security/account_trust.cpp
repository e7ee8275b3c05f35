// security/account_trust.cpp: keys as 32 bytes, sorted, to be found among thousands.
#include "security/account_trust.hpp"

#include "security/claims_rules.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

permissions_ptr compiled(const permission_claims& said) {
  auto rules = rules_of(said);
  return rules ? permissions_ptr{protocol::make_ref<const permissions>(std::move(*rules))}
               : permissions_ptr{};
}

} // namespace

account_trust::account_trust(const account_claims& said, bool strict)
    : key_{said.standard.subject}, name_{said.standard.name}, issuer_{said.standard.issuer},
      id_{said.standard.id}, tags_{said.standard.tags}, issued_at_{said.standard.issued_at},
      expires_{said.standard.expires}, not_before_{said.standard.not_before},
      disallow_bearer_{said.limits.disallow_bearer}, default_permissions_{
                                                         compiled(said.default_permissions)} {
  auto add = [&](std::string_view text, std::shared_ptr<const user_scope> scope) {
    if (auto key = decode_public_nkey(text); key && key->kind == nkey_kind::account)
      signers_.push_back({key->key, std::move(scope)});
  };
  signers_.reserve(said.signing_keys.size() + 1);
  for (const auto& one : said.signing_keys)
    add(one.key, one.scope ? std::make_shared<const user_scope>(*one.scope) : nullptr);
  if (!strict)
    add(key_, nullptr);
  // Of a key that stands there twice the last entry counts, as in the reference; and the account's
  // own key has no scope.
  std::reverse(signers_.begin(), signers_.end());
  std::stable_sort(signers_.begin(), signers_.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  signers_.erase(std::unique(signers_.begin(), signers_.end(),
                             [](const auto& a, const auto& b) { return a.key == b.key; }),
                 signers_.end());
  revocations_.reserve(said.revocations.size());
  for (const auto& [text, until] : said.revocations)
    if (text == "*")
      all_revoked_until_ = until;
    else if (auto key = decode_public_nkey(text); key && key->kind == nkey_kind::user)
      revocations_.push_back({key->key, until});
  std::sort(revocations_.begin(), revocations_.end(),
            [](const auto& a, const auto& b) { return a.user < b.user; });
  if (said.callout.enabled())
    callout_ = std::make_unique<const callout_claims>(said.callout);
}

const account_trust::signer* account_trust::find_signer(std::string_view text) const {
  auto key = decode_public_nkey(text);
  if (!key || key->kind != nkey_kind::account)
    return nullptr;
  auto at = std::lower_bound(signers_.begin(), signers_.end(), key->key,
                             [](const auto& one, const auto& wanted) { return one.key < wanted; });
  return at != signers_.end() && at->key == key->key ? &*at : nullptr;
}

bool account_trust::is_revoked(std::string_view user, int64_t issued_at) const {
  if (all_revoked_until_ && *all_revoked_until_ >= issued_at)
    return true;
  auto key = decode_public_nkey(user);
  if (!key)
    return true;
  auto at = std::lower_bound(revocations_.begin(), revocations_.end(), key->key,
                             [](const auto& one, const auto& wanted) { return one.user < wanted; });
  return at != revocations_.end() && at->user == key->key && at->until >= issued_at;
}

bool is_revoked(const std::map<std::string, int64_t>& revocations, std::string_view key,
                int64_t issued_at) {
  return std::any_of(revocations.begin(), revocations.end(), [&](const auto& one) {
    return (one.first == "*" || one.first == key) && one.second >= issued_at;
  });
}

} // namespace troupe::security
