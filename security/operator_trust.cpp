// security/operator_trust.cpp: operators and the accounts they vouch for; activations.
#include "security/operator_trust.hpp"

#include "protocol/one_line.hpp"
#include "protocol/subject.hpp"
#include "security/claims_validation.hpp"
#include "security/jwt.hpp"
#include "security/nkey.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace troupe::security {

using protocol::quoted;

namespace {

std::string joined(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& one : all)
    out += (out.empty() ? "" : "; ") + one;
  return out;
}

std::array<int, 3> version_of(std::string_view text) {
  std::array<int, 3> out{};
  for (auto& part : out) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
    text.remove_prefix(std::min(text.size(), static_cast<size_t>(end - text.data()) + 1));
  }
  return out;
}

bool same_list(const permission_list& a, const permission_list& b) {
  return a.allow == b.allow && a.deny == b.deny;
}

bool same_responses(const std::optional<response_claim>& a,
                    const std::optional<response_claim>& b) {
  return a.has_value() == b.has_value()
         && (!a || (a->max_messages == b->max_messages && a->ttl == b->ttl));
}

bool same_times(const std::vector<time_range>& a, const std::vector<time_range>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.start == y.start && x.end == y.end;
  });
}

/// As far as it decides over what a user may do.
bool same_scope(const user_scope* one, const user_scope* other) {
  if (one == nullptr || other == nullptr)
    return one == other;
  const auto &a = one->limits, &b = other->limits;
  return same_list(a.permissions.publish, b.permissions.publish)
         && same_list(a.permissions.subscribe, b.permissions.subscribe)
         && same_responses(a.permissions.responses, b.permissions.responses)
         && same_times(a.times, b.times) && a.sources == b.sources
         && a.times_location == b.times_location && a.subscriptions == b.subscriptions
         && a.data == b.data && a.payload == b.payload && a.bearer == b.bearer
         && a.proxy_required == b.proxy_required && a.connection_types == b.connection_types;
}

} // namespace

std::variant<operator_trust, std::vector<std::string>>
operator_trust::make(operator_settings settings, int64_t now) {
  std::vector<std::string> problems;
  operator_trust out;
  out.settings_ = std::move(settings);
  if (out.settings_.operator_jwts.empty() && out.settings_.trusted_keys.empty())
    problems.emplace_back("neither an operator nor a trusted key is named");
  if (!out.settings_.operator_jwts.empty() && !out.settings_.trusted_keys.empty())
    problems.emplace_back("operators and trusted keys cannot both be named; leave one out");
  for (const auto& jwt : out.settings_.operator_jwts)
    out.take_operator(jwt, now, problems);
  out.take_keys(problems);
  if (!problems.empty())
    return problems;
  return out;
}

void operator_trust::take_operator(std::string_view jwt, int64_t now,
                                   std::vector<std::string>& problems) {
  auto read = decode_operator_jwt(jwt);
  if (auto* error = std::get_if<jwt_error>(&read)) {
    problems.push_back("an operator JWT cannot be used: " + error->reason);
    return;
  }
  auto& said = std::get<operator_claims>(read);
  auto who = "operator " + said.standard.subject;
  // It came from the configuration, but only its own keys may speak for it.
  const auto& keys = said.signing_keys;
  if (said.standard.issuer != said.standard.subject
      && std::find(keys.begin(), keys.end(), said.standard.issuer) == keys.end())
    problems.push_back(who + " is signed neither by itself nor by one of its signing keys");
  if (!is_public_nkey(said.standard.subject, nkey_kind::operator_key))
    problems.push_back(who + " has a subject that is no operator key");
  for (const auto& text : blocking(validate(said, now)))
    problems.push_back(who + ": " + text);
  if (said.strict_signing_keys && keys.empty())
    problems.push_back(who + " demands signing keys and has none");
  if (!said.assert_server_version.empty() && !settings_.server_version.empty()
      && version_of(settings_.server_version) < version_of(said.assert_server_version))
    problems.push_back(who + " demands a server of version " + said.assert_server_version
                       + " or later; this is " + settings_.server_version);
  if (!said.system_account.empty()) {
    if (settings_.system_account.empty())
      settings_.system_account = said.system_account;
    else if (settings_.system_account != said.system_account)
      problems.push_back(who + " names the system account " + said.system_account + ", but "
                         + settings_.system_account + " is configured");
  }
  if (!said.strict_signing_keys)
    issuers_.insert(said.standard.subject);
  for (const auto& key : keys) {
    issuers_.insert(key);
    if (said.strict_signing_keys)
      strict_.insert(key);
  }
  operators_.push_back(std::move(said));
}

void operator_trust::take_keys(std::vector<std::string>& problems) {
  for (const auto& key : settings_.trusted_keys) {
    if (!is_public_nkey(key, nkey_kind::operator_key))
      problems.push_back("trusted key " + quoted(key) + " is no public operator key (O…)");
    issuers_.insert(key);
  }
  auto check_account = [&](const std::string& key, std::string_view what) {
    if (!is_public_nkey(key, nkey_kind::account))
      problems.push_back(std::string{what} + " " + quoted(key) + " is no public account key (A…)");
  };
  if (!settings_.system_account.empty())
    check_account(settings_.system_account, "the system account");
  for (const auto& key : settings_.pinned_accounts) {
    check_account(key, "the pinned account");
    pinned_.insert(key);
  }
  if (!pinned_.empty() && !settings_.system_account.empty())
    pinned_.insert(settings_.system_account);
}

bool operator_trust::is_trusted_issuer(std::string_view key) const {
  return issuers_.contains(std::string{key});
}

std::string operator_trust::refusal_of(const account_claims& account, int64_t now) const {
  if (!is_public_nkey(account.standard.subject, nkey_kind::account))
    return "the subject of the account JWT is no account key";
  if (!is_trusted_issuer(account.standard.issuer))
    return "account " + account.standard.subject + " is signed by " + account.standard.issuer
           + ", which no trusted operator vouches for";
  auto problems = blocking(validate(account, now));
  if (!problems.empty())
    return "account " + account.standard.subject + ": " + joined(problems);
  return {};
}

account_trust_ptr operator_trust::trust_in(const account_claims& account) const {
  return std::make_shared<const account_trust>(account, is_strict(account.standard.issuer));
}

std::variant<account_trust_ptr, std::string>
operator_trust::admit_account(std::string_view jwt, std::string_view expected, int64_t now) const {
  auto read = decode_account_jwt(jwt);
  if (auto* error = std::get_if<jwt_error>(&read))
    return "an account JWT cannot be used: " + error->reason;
  const auto& said = std::get<account_claims>(read);
  if (!expected.empty() && said.standard.subject != expected)
    return "the JWT of account " + said.standard.subject + " was given for "
           + std::string{expected};
  if (auto fault = refusal_of(said, now); !fault.empty())
    return fault;
  return trust_in(said);
}

std::string refusal_of_successor(const operator_claims& in_force, std::string_view jwt) {
  auto read = decode_operator_jwt(jwt);
  if (auto* error = std::get_if<jwt_error>(&read))
    return error->reason;
  const auto& next = std::get<operator_claims>(read).standard;
  const auto& subject = in_force.standard.subject;
  const auto& keys = in_force.signing_keys;
  if (next.subject != subject)
    return "it is of operator " + next.subject + " and not of " + subject
           + "; another operator needs a restart";
  if (next.issuer != subject && std::find(keys.begin(), keys.end(), next.issuer) == keys.end())
    return "it is signed by " + next.issuer + ", which is no key of operator " + subject
           + " so far; sign it with one that is";
  return {};
}

standing recheck(const admitted_user& user, const account_trust& before,
                 const account_trust& after) {
  if (after.is_revoked(user.key, user.issued_at))
    return standing::revoked;
  if (user.bearer && after.disallows_bearer())
    return standing::bearer_not_allowed;
  const auto* now = after.find_signer(user.issuer);
  if (now == nullptr)
    return standing::signing_key_removed;
  const auto* then = before.find_signer(user.issuer);
  if (!same_scope(then != nullptr ? then->scope.get() : nullptr, now->scope.get()))
    return standing::scope_changed;
  return standing::unchanged;
}

std::string check_activation(std::string_view importer, const import_rule& wanted,
                             const export_rule& offer, const account_trust& exporter, int64_t now,
                             int64_t& until) {
  until = 0;
  if (wanted.token.empty())
    return "the export needs an activation token and the import has none";
  auto read = decode_activation_jwt(wanted.token);
  if (auto* error = std::get_if<jwt_error>(&read))
    return "the activation token cannot be used: " + error->reason;
  const auto& token = std::get<activation_claims>(read);
  if (token.account() != exporter.key())
    return "the activation token is of account " + token.account() + " and not of the exporter";
  if (token.standard.issuer != exporter.key()) {
    const auto* signer = exporter.find_signer(token.standard.issuer);
    if (signer == nullptr)
      return "the activation token is signed by a key that the exporter does not have";
    if (signer->scope)
      return "the activation token is signed by a key that may only sign users of a scope";
  }
  if (token.standard.subject != importer)
    return "the activation token is for account " + token.standard.subject;
  if (token.kind != wanted.kind)
    return "the activation token is for a share of another kind";
  if (!protocol::is_subset(wanted.subject, token.subject))
    return "the activation token is for " + quoted(token.subject) + ", which does not cover "
           + quoted(wanted.subject);
  if (auto problems = blocking(validate(token, now)); !problems.empty())
    return "the activation token: " + joined(problems);
  if (token.standard.expires != 0 && token.standard.expires <= now)
    return "the activation token: it has expired";
  if (is_revoked(offer.revocations, importer, token.standard.issued_at))
    return "the activation token is revoked";
  until = token.standard.expires;
  return {};
}

} // namespace troupe::security
