// actors/jwt_login.hpp: a login by user JWT, judged away from the loop of its connection.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/timer_wheel.hpp"
#include "security/account_trust.hpp"
#include "security/operator_trust.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace troupe::actors {

struct core;

/// Who a connection is in operator mode, or if an auth callout let it in.
struct jwt_identity {
  explicit jwt_identity(timer_owner& owner) noexcept : expiry{owner} {}
  security::admitted_user user;
  std::string shown; ///< what it is called in reports
  timer expiry;      ///< rings when `user.valid_until` has come
};

/// What a login came to.
struct jwt_outcome {
  std::variant<security::admitted_user, security::login_refusal> verdict;
  account_ptr account;                   ///< of who got in
  security::account_trust_ptr judged_by; ///< what was known of it then
  /// "JWT user "bob" (U…) of account A…", for the log, as far as it can be told.
  std::string who;
  /// If an auth callout has the last word, it is told what was presented.
  std::string jwt = {}, signature = {};
  bool by_callout = false; ///< this is its word
  std::string shown = {};  ///< by the callout: what to call the user in reports
};

/// What the peer presents; copies, for another thread.
struct jwt_login {
  std::string jwt, signature, nonce, address;
  security::connection_type type = security::connection_type::standard;
};

/// Checks signatures on CAF's scheduler, which takes a tenth of a millisecond each, and sends
/// `whom` a login_result.
void judge_jwt(const core& shared, jwt_login login, const connection_actor& whom);

/// It is known, and its JWT is valid at this moment.
bool is_served(const account_ptr& account);

/// Seconds since 1970, as JWTs have them.
int64_t unix_now();

} // namespace troupe::actors
