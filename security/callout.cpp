// security/callout.cpp: requests of auth callout, and the checks that its answers must pass.
#include "security/callout.hpp"

#include "security/claims_validation.hpp"

#include <algorithm>

namespace troupe::security {
namespace {

constexpr std::string_view request_audience = "nats-authorization-request";
constexpr std::string_view jwt_start = "eyJ";

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

login_refusal refuse(std::string reason) {
  return {std::move(reason), false};
}

} // namespace

// -- who is asked
// ------------------------------------------------------------------------------------

callout_terms callout_terms::of(const callout_settings& file) {
  return {file.account, file.issuer, file.xkey, false, {}};
}

callout_terms callout_terms::of(const account_trust& account) {
  const auto& said = *account.callout();
  return {account.key(), account.key(), said.xkey, true, said.allowed_accounts};
}

bool callout_terms::allows(std::string_view which) const {
  return which == account || contains(allowed_accounts, which)
         || (allowed_accounts.size() == 1 && allowed_accounts.front() == "*");
}

bool callout_decides(const callout_settings& file, const verdict& outcome,
                     const credentials& given) {
  const auto* in = std::get_if<accepted>(&outcome);
  if (in == nullptr)
    return !contains(file.auth_users, given.nkey.empty() ? given.user : given.nkey);
  if (in->who != nullptr) {
    // By who it is, and not by what it says: it may say more than one name.
    if (contains(file.auth_users, in->who->nkey.empty() ? in->who->name : in->who->nkey))
      return false;
  } else if (in->method == login_method::password && contains(file.auth_users, given.user)) {
    return false;
  }
  return in->account == global_account || file.allowed_accounts.empty()
         || contains(file.allowed_accounts, in->account);
}

// -- the question
// ------------------------------------------------------------------------------------

callout_question::callout_question(callout_terms terms, std::shared_ptr<const server_keys> keys)
    : terms_{std::move(terms)}, keys_{std::move(keys)},
      user_{key_pair::create(nkey_kind::user).public_text()} {}

jwt_result<std::string> callout_question::encode(authorization_request_claims facts, int64_t now,
                                                 int64_t seconds, std::string& headers) const {
  facts.standard.subject = terms_.issuer;
  facts.standard.audience = request_audience;
  facts.standard.expires = now + seconds;
  facts.user_nkey = user_;
  facts.server.id = keys_->identity.public_text();
  if (!terms_.xkey.empty())
    facts.server.xkey = keys_->xkey.public_text();
  claims any = std::move(facts);
  auto token = encode_jwt(any, keys_->identity, now);
  if (terms_.xkey.empty() || std::holds_alternative<jwt_error>(token))
    return token;
  auto sealed = keys_->xkey.seal(std::get<std::string>(token), terms_.xkey);
  if (!sealed)
    return jwt_error{"nothing can be sealed for the xkey " + terms_.xkey};
  headers = "NATS/1.0\r\n" + std::string{callout_xkey_header} + ": " + keys_->xkey.public_text()
            + "\r\n\r\n";
  return std::move(*sealed);
}

// -- the answer
// ------------------------------------------------------------------------------------

callout_question::opinion callout_question::open(std::string_view answer,
                                                 const account_trust* account, int64_t now) const {
  if (answer.empty())
    return refuse("the auth callout says no, without a reason");
  std::string unsealed;
  bool sealed = !terms_.xkey.empty() && !answer.starts_with(jwt_start);
  if (sealed) {
    auto text = keys_->xkey.open(answer, terms_.xkey);
    if (!text)
      return ignored{"it is no JWT, and not sealed by the callout's xkey for this server"};
    unsealed = std::move(*text);
    answer = unsealed;
  }
  auto read = decode_authorization_response(answer);
  if (const auto* error = std::get_if<jwt_error>(&read))
    return ignored{"it cannot be read: " + error->reason};
  const auto& said = std::get<authorization_response_claims>(read);
  // Only the service can have sealed it; otherwise the signature has to prove that.
  if (auto fault = sealed ? std::string{} : fault_of_signer(said, account); !fault.empty())
    return ignored{std::move(fault)};
  if (said.standard.subject != user_)
    return ignored{"it is about the user " + said.standard.subject + " and not about this login"};
  if (said.standard.audience != keys_->identity.public_text())
    return ignored{"it is for the server " + said.standard.audience + " and not for this one"};
  return judge(said, now);
}

/// Empty: whoever signed the answer may speak for the callout.
std::string callout_question::fault_of_signer(const authorization_response_claims& said,
                                              const account_trust* account) const {
  const auto& signer = said.standard.issuer;
  if (!terms_.operator_mode)
    return signer == terms_.issuer ? std::string{}
                                   : "it is signed by " + signer + " and not by the issuer "
                                         + terms_.issuer + " of the auth callout";
  if (!said.issuer_account.empty() && said.issuer_account != terms_.account)
    return "it is in the name of account " + said.issuer_account + " and not of the callout's, "
           + terms_.account;
  // A key with a scope signs users and nothing else.
  const auto* known = account != nullptr ? account->find_signer(signer) : nullptr;
  if (signer != terms_.account && (known == nullptr || known->scope))
    return "it is signed by " + signer + ", which may not speak for account " + terms_.account;
  return {};
}

/// The service said so; whether it makes sense is another question.
callout_question::opinion callout_question::judge(const authorization_response_claims& said,
                                                  int64_t now) const {
  if (auto problems = blocking(validate(said, now)); !problems.empty())
    return refuse("the answer of the auth callout: " + problems.front());
  if (!said.error.empty())
    return refuse("the auth callout says no: " + said.error);
  auto read = decode_user_jwt(said.jwt);
  if (const auto* error = std::get_if<jwt_error>(&read))
    return refuse("the user JWT of the auth callout cannot be used: " + error->reason);
  auto& user = std::get<user_claims>(read);
  if (user.standard.subject != user_)
    return refuse("the auth callout gives a JWT for the user " + user.standard.subject
                  + ", which is not the one of this login");
  if (auto problems = blocking(validate(user, now)); !problems.empty())
    return refuse("the user JWT of the auth callout: " + problems.front());
  if (terms_.operator_mode) {
    if (!terms_.allows(user.account()))
      return refuse("the auth callout of account " + terms_.account
                    + " may not let anybody into account " + user.account());
    return std::move(user);
  }
  if (!user.issuer_account.empty())
    return refuse("the user JWT of the auth callout has an issuer_account, which is for operator "
                  "mode; its audience names the account");
  if (user.standard.issuer != terms_.issuer)
    return refuse("the user JWT of the auth callout is signed by " + user.standard.issuer
                  + " and not by the issuer " + terms_.issuer);
  return std::move(user);
}

std::string callout_question::target_of(const user_claims& user) const {
  return terms_.operator_mode ? user.account() : user.standard.audience;
}

permissions_ptr without_callout_requests(const permissions_ptr& of_user) {
  auto rules = of_user ? of_user->rules() : permission_rules{};
  rules.publish.deny.emplace_back(callout_subject);
  return permissions_ptr{protocol::make_ref<const permissions>(std::move(rules))};
}

} // namespace troupe::security
