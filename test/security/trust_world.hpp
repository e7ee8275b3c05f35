// test/security/trust_world.hpp: an operator, two accounts and a user, to be signed as a test
// likes.
#pragma once

#include "security/jwt.hpp"
#include "security/operator_trust.hpp"
#include "security/text_encoding.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

namespace troupe::security::test {

inline constexpr int64_t noon = 1'700'000'000; // 2023-11-14 22:13:20 UTC, in truth

template <class Claims>
std::string signed_jwt(Claims what, const key_pair& by, int64_t issued_at = noon - 100) {
  claims any = std::move(what);
  auto out = encode_jwt(any, by, issued_at);
  if (auto* error = std::get_if<jwt_error>(&out))
    FAIL(error->reason);
  return std::get<std::string>(out);
}

struct trust_world {
  key_pair op = key_pair::create(nkey_kind::operator_key);
  key_pair op_signing = key_pair::create(nkey_kind::operator_key);
  key_pair foreign_op = key_pair::create(nkey_kind::operator_key);
  key_pair account = key_pair::create(nkey_kind::account);
  key_pair account_signing = key_pair::create(nkey_kind::account);
  key_pair other = key_pair::create(nkey_kind::account);
  key_pair user = key_pair::create(nkey_kind::user);
  std::string nonce = make_nonce();

  operator_claims op_claims;
  account_claims account_claims_;
  user_claims user_claims_;
  operator_settings settings;
  connect_request request;
  std::string jwt, signature; ///< what `request` points to

  trust_world() {
    op_claims.standard.subject = op.public_text();
    op_claims.signing_keys = {op_signing.public_text()};
    account_claims_.standard.subject = account.public_text();
    account_claims_.standard.name = "acme";
    account_claims_.limits = account_limit_claims::unlimited();
    account_claims_.signing_keys = {{account_signing.public_text(), {}}};
    user_claims_.standard.subject = user.public_text();
    user_claims_.standard.name = "bob";
    user_claims_.limits = user_limits::unlimited();
    request.address = "192.0.2.7";
  }

  operator_trust trust() {
    auto all = settings;
    if (all.trusted_keys.empty() && all.operator_jwts.empty())
      all.operator_jwts = {signed_jwt(op_claims, op)};
    auto made = operator_trust::make(std::move(all), noon);
    if (auto* problems = std::get_if<std::vector<std::string>>(&made))
      FAIL(problems->front());
    return std::get<operator_trust>(made);
  }

  account_trust_ptr trusted_account(const operator_trust& by, const key_pair& signer) {
    auto made = by.admit_account(signed_jwt(account_claims_, signer), account.public_text(), noon);
    if (auto* reason = std::get_if<std::string>(&made))
      FAIL(*reason);
    return std::get<account_trust_ptr>(made);
  }

  void sign_nonce(const key_pair& by) {
    auto raw = by.sign(nonce);
    signature = to_base64url({reinterpret_cast<const char*>(raw.data()), raw.size()});
  }

  std::variant<admitted_user, login_refusal> login(const operator_trust& by,
                                                   const account_trust& at, int64_t now = noon) {
    request.jwt = jwt;
    request.nonce = nonce;
    request.signature = signature;
    auto opened = by.open(request, now);
    if (auto* refusal = std::get_if<login_refusal>(&opened))
      return *refusal;
    return by.admit(std::get<presented_user>(opened), request, at, now);
  }

  /// Signs everything as usual, unless `signer` is another one.
  std::variant<admitted_user, login_refusal> login(const key_pair& signer, int64_t now = noon) {
    auto by = trust();
    auto at = trusted_account(by, op);
    jwt = signed_jwt(user_claims_, signer);
    if (signature.empty())
      sign_nonce(user);
    return login(by, *at, now);
  }
};

/// "" if he got in.
inline std::string reason(const std::variant<admitted_user, login_refusal>& result) {
  auto* refusal = std::get_if<login_refusal>(&result);
  return refusal ? refusal->reason : std::string{};
}

} // namespace troupe::security::test
