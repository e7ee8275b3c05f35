// security/operator_login.cpp: one user JWT, in the order of accounts-and-auth.md section 5.2.
#include "security/operator_trust.hpp"

#include "security/callout.hpp"
#include "security/claims_rules.hpp"
#include "security/claims_validation.hpp"
#include "security/jwt.hpp"
#include "security/nkey.hpp"
#include "security/scope_template.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

constexpr std::string_view needs_proxy = "this user must come through a trusted proxy";

using limits_or_refusal = std::variant<user_limits, login_refusal>;

login_refusal refuse(std::string reason) {
  return {std::move(reason), false};
}

/// What the user's own JWT says, or the scope of the key that signed it.
limits_or_refusal limits_of(const user_claims& user, const account_trust::signer& signer,
                            const account_trust& account) {
  if (!signer.scope)
    return user.limits;
  if (!user.limits.is_empty())
    return refuse("a user of a scoped signing key may carry no permissions or limits of its own");
  auto filled =
      fill_in(signer.scope->limits, {user.standard.name, user.standard.subject, user.standard.tags,
                                     account.name(), account.key(), account.tags()});
  if (auto* fault = std::get_if<std::string>(&filled))
    return refuse(std::move(*fault));
  return std::move(std::get<user_limits>(filled));
}

/// Empty, or why these limits keep the peer out.
std::string fault_of(const user_limits& limits, const connect_request& request, int64_t now,
                     int64_t& ends) {
  if (!is_allowed_address(limits, request.address))
    return "the user may not come from this address";
  if (!is_allowed_time(limits, now, ends))
    return "the user may not connect at this time of day";
  return {};
}

int64_t earlier(int64_t a, int64_t b) {
  return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

admitted_user admitted(const user_claims& user, const user_limits& limits, std::string_view account,
                       permissions_ptr defaults, int64_t ends) {
  admitted_user out;
  out.key = user.standard.subject;
  out.name = user.standard.name;
  out.account = account;
  out.issuer = user.standard.issuer;
  out.tags = user.standard.tags;
  if (auto rules = rules_of(limits.permissions)) {
    out.allowed = permissions_ptr{protocol::make_ref<const permissions>(std::move(*rules))};
  } else {
    out.default_permissions = true;
    out.allowed = std::move(defaults);
  }
  out.subscriptions = limits.subscriptions;
  out.payload = limits.payload;
  out.data = limits.data;
  out.bearer = limits.bearer;
  out.issued_at = user.standard.issued_at;
  out.valid_until = earlier(std::max<int64_t>(0, user.standard.expires), ends);
  return out;
}

/// The last checks, of what a callout made, and who that is.
std::variant<admitted_user, login_refusal>
admitted_by_callout(const user_claims& user, user_limits limits, const connect_request& request,
                    std::string_view account, permissions_ptr defaults, int64_t now) {
  if (limits.proxy_required && !request.through_trusted_proxy)
    return login_refusal{std::string{needs_proxy}, true};
  if (!is_allowed(request.type, limits.connection_types))
    return refuse("the user may not connect over " + std::string{to_string(request.type)});
  int64_t ends = 0;
  if (auto fault = fault_of(limits, request, now, ends); !fault.empty())
    return refuse(std::move(fault));
  // Services that write JWTs by hand leave limits out, which the reference never reads here: a user
  // without a single subscription or a byte of payload would be of no use to anybody.
  for (auto* limit : {&limits.subscriptions, &limits.payload, &limits.data})
    if (*limit == 0)
      *limit = -1;
  limits.bearer = false;
  return admitted(user, limits, account, std::move(defaults), ends);
}

} // namespace

std::variant<presented_user, login_refusal> operator_trust::open(const connect_request& request,
                                                                 int64_t now) const {
  presented_user out;
  auto read = decode_user_jwt(request.jwt);
  if (std::holds_alternative<jwt_error>(read) && !settings_.sentinel.empty()) {
    read = decode_user_jwt(settings_.sentinel);
    out.by_sentinel = true;
  }
  if (auto* error = std::get_if<jwt_error>(&read))
    return refuse(request.jwt.empty() ? "no user JWT was sent"
                                      : "the user JWT cannot be used: " + error->reason);
  out.claims = std::move(std::get<user_claims>(read));
  const auto& user = out.claims;
  if (user.limits.proxy_required && !request.through_trusted_proxy)
    return login_refusal{std::string{needs_proxy}, true};
  if (!is_public_nkey(user.standard.subject, nkey_kind::user))
    return refuse("the subject of the user JWT is no user key");
  if (auto problems = blocking(validate(user, now)); !problems.empty())
    return refuse("the user JWT: " + problems.front());
  if (!is_public_nkey(user.account(), nkey_kind::account))
    return refuse("the user JWT names no account");
  if (!pinned_.empty() && !pinned_.contains(user.account()))
    return refuse("account " + user.account() + " is not among the pinned ones");
  return out;
}

/// Empty: users of this account are served, and the signer of this one may sign them.
std::string operator_trust::fault_of_account(const user_claims& user, const account_trust& account,
                                             int64_t now) const {
  if (user.account() != account.key())
    return "the user is of account " + user.account() + " and not of " + account.key();
  if (!is_trusted_issuer(account.issuer()))
    return "the account JWT is not signed by a trusted operator";
  if (account.find_signer(user.standard.issuer) == nullptr)
    return "the user JWT is signed by " + user.standard.issuer
           + ", which may not sign users of account " + account.key();
  if (!account.is_valid_at(now))
    return "the account JWT has expired, or is not yet valid";
  return {};
}

std::variant<admitted_user, login_refusal> operator_trust::admit(const presented_user& user,
                                                                 const connect_request& request,
                                                                 const account_trust& account,
                                                                 int64_t now) const {
  const auto& said = user.claims;
  if (auto fault = fault_of_account(said, account, now); !fault.empty())
    return refuse(std::move(fault));
  const auto* signer = account.find_signer(said.standard.issuer);
  auto found = limits_of(said, *signer, account);
  if (auto* refusal = std::get_if<login_refusal>(&found))
    return std::move(*refusal);
  const auto& limits = std::get<user_limits>(found);
  if (limits.proxy_required && !request.through_trusted_proxy)
    return login_refusal{std::string{needs_proxy}, true};
  if (limits.bearer && account.disallows_bearer())
    return refuse("the account does not allow bearer JWTs");
  if (!is_allowed(request.type, limits.connection_types))
    return refuse("the user may not connect over " + std::string{to_string(request.type)});
  if (!limits.bearer && !signed_by(said.standard.subject, request.nonce, request.signature))
    return refuse("the signature of the nonce is missing or wrong");
  if (account.is_revoked(said.standard.subject, said.standard.issued_at))
    return refuse("the user is revoked");
  int64_t ends = 0;
  if (auto fault = fault_of(limits, request, now, ends); !fault.empty())
    return refuse(std::move(fault));
  auto out = admitted(said, limits, account.key(), account.default_permissions(), ends);
  const auto* callout = account.callout();
  out.needs_callout = callout != nullptr
                      && std::find(callout->auth_users.begin(), callout->auth_users.end(), out.key)
                             == callout->auth_users.end();
  return out;
}

std::variant<admitted_user, login_refusal>
operator_trust::admit_by_callout(const user_claims& user, const connect_request& request,
                                 const account_trust& account, int64_t now) const {
  if (auto fault = fault_of_account(user, account, now); !fault.empty())
    return refuse(std::move(fault));
  if (!pinned_.empty() && !pinned_.contains(account.key()))
    return refuse("account " + account.key() + " is not among the pinned ones");
  auto found = limits_of(user, *account.find_signer(user.standard.issuer), account);
  if (auto* refusal = std::get_if<login_refusal>(&found))
    return std::move(*refusal);
  if (account.is_revoked(user.standard.subject, user.standard.issued_at))
    return refuse("the user is revoked");
  return admitted_by_callout(user, std::move(std::get<user_limits>(found)), request, account.key(),
                             account.default_permissions(), now);
}

std::variant<admitted_user, login_refusal> admit_by_callout(const user_claims& user,
                                                            const connect_request& request,
                                                            std::string_view account,
                                                            permissions_ptr defaults, int64_t now) {
  return admitted_by_callout(user, user.limits, request, account, std::move(defaults), now);
}

} // namespace troupe::security
