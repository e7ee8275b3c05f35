// security/operator_trust.hpp: operator mode: whom operators vouch for, and what those may do.
#pragma once

#include "security/account_trust.hpp"
#include "security/claims.hpp"
#include "security/connection_type.hpp"
#include "security/permissions.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace troupe::security {

/// What configuration says; JWTs as text, files are for others to read.
struct operator_settings {
  std::vector<std::string> operator_jwts;
  std::vector<std::string> trusted_keys; ///< instead of operators
  std::string system_account;            ///< empty: what an operator says
  std::vector<std::string>
      pinned_accounts;        ///< if any: users of these and of the system account only
  std::string sentinel;       ///< JWT of those who present none that can be read
  std::string server_version; ///< "X.Y.Z", which an operator may demand a minimum of; empty: any
};

/// For the log. The peer gets one and the same answer, whatever it says.
struct login_refusal {
  std::string reason;
  bool proxy_missing = false; ///< the user must come through a trusted proxy
};

/// What somebody presents.
struct connect_request {
  std::string_view jwt;
  std::string_view signature; ///< of the nonce: base64url without padding, or base64
  std::string_view nonce;
  connection_type type = connection_type::standard;
  std::string_view address; ///< of the peer, without port
  bool through_trusted_proxy = false;
};

/// A user JWT whose signature, form and times are right. Nothing else is known yet.
struct presented_user {
  user_claims claims;
  bool by_sentinel = false;
};

/// Who got in, and what he may do.
struct admitted_user {
  std::string key;     ///< U…
  std::string name;    ///< the JWT's
  std::string account; ///< A…
  std::string issuer;  ///< account or signing key
  std::vector<std::string> tags;
  permissions_ptr allowed; ///< null: everything
  bool default_permissions = false;
  int64_t subscriptions = -1, payload = -1, data = -1; ///< the user's own; negative: no limit
  bool bearer = false;
  int64_t issued_at = 0;
  /// Unix seconds: expiry of the user or the end of the times of day; 0: for good. The account's
  /// expiry is not in it: a new JWT of the account may put that off.
  int64_t valid_until = 0;
  /// Not in yet: the auth callout of the account has the last word.
  bool needs_callout = false;
};

/// Immutable and usable from any thread; a reload makes a new one. Reads no clock: `now` is Unix
/// seconds. Order of decisions: accounts-and-auth.md section 5.2.
class operator_trust {
public:
  /// Or all that is wrong with the settings, one sentence each.
  static std::variant<operator_trust, std::vector<std::string>> make(operator_settings settings,
                                                                     int64_t now);

  /// May be empty.
  const std::string& system_account() const noexcept { return settings_.system_account; }
  const std::vector<operator_claims>& operators() const noexcept { return operators_; }
  /// May this key sign accounts?
  bool is_trusted_issuer(std::string_view key) const;
  /// May accounts that this key signed not sign users by their own keys?
  bool is_strict(std::string_view key) const { return strict_.contains(std::string{key}); }

  /// Why these claims, whose signature is right, make no account here; empty: they do.
  std::string refusal_of(const account_claims& account, int64_t now) const;
  /// Reads an account JWT and judges it. `expected`: the account it must be of; empty: any.
  std::variant<account_trust_ptr, std::string>
  admit_account(std::string_view jwt, std::string_view expected, int64_t now) const;
  /// Of claims that `refusal_of` has nothing against.
  account_trust_ptr trust_in(const account_claims& account) const;

  /// Steps 1 to 3: what can be said before the account is known.
  std::variant<presented_user, login_refusal> open(const connect_request& request,
                                                   int64_t now) const;
  /// Steps 4 to 16, given the account that `user.claims.account()` names. Look at `needs_callout`.
  std::variant<admitted_user, login_refusal> admit(const presented_user& user,
                                                   const connect_request& request,
                                                   const account_trust& account, int64_t now) const;
  /// The same for a user whom an auth callout made for this very login, so that it signs nothing
  /// and bears nothing. That the callout may do so for this account is for `callout_question`.
  std::variant<admitted_user, login_refusal> admit_by_callout(const user_claims& user,
                                                              const connect_request& request,
                                                              const account_trust& account,
                                                              int64_t now) const;

private:
  operator_trust() = default;
  void take_operator(std::string_view jwt, int64_t now, std::vector<std::string>& problems);
  void take_keys(std::vector<std::string>& problems);
  std::string fault_of_account(const user_claims& user, const account_trust& account,
                               int64_t now) const;

  operator_settings settings_;
  std::vector<operator_claims> operators_;
  std::unordered_set<std::string> issuers_;
  std::unordered_set<std::string> strict_; ///< of these, those of strict operators
  std::unordered_set<std::string> pinned_; ///< empty: everybody
};

/// Why this JWT cannot take the place of the operator's that is in force; empty: it can. That is
/// for another one of the same operator, signed by one of the keys that count now.
std::string refusal_of_successor(const operator_claims& in_force, std::string_view jwt);

/// What a change of the account means for somebody who is already in.
enum class standing : uint8_t {
  unchanged,
  revoked,             ///< "User Authentication Revoked"
  bearer_not_allowed,  ///< "Authorization Violation"
  signing_key_removed, ///< closed without a word
  scope_changed,       ///< the same: it must log in anew
};
standing recheck(const admitted_user& user, const account_trust& before,
                 const account_trust& after);

/// Whether the import's token entitles the account `importer` to what `exporter` offers; empty, or
/// why not. `until` becomes the token's expiry, 0 if it has none.
std::string check_activation(std::string_view importer, const import_rule& wanted,
                             const export_rule& offer, const account_trust& exporter, int64_t now,
                             int64_t& until);

} // namespace troupe::security
