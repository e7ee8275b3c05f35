// security/account_trust.hpp: what logins must know of an account, small enough for thousands.
#pragma once

#include "security/claims.hpp"
#include "security/nkey.hpp"
#include "security/permissions.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::security {

/// Immutable. Limits, exports and imports are in `account_rules` (`claims_rules.hpp`).
class account_trust {
public:
  /// `strict`: the account's own key may not sign users (the operator says so).
  account_trust(const account_claims& said, bool strict);

  struct signer {
    raw_public_key key;
    std::shared_ptr<const user_scope> scope; ///< null: signs whatever it likes
  };

  const std::string& key() const noexcept { return key_; } ///< A…
  const std::string& name() const noexcept { return name_; }
  const std::string& issuer() const noexcept { return issuer_; }
  const std::string& id() const noexcept { return id_; } ///< `jti`: equal ids are equal JWTs
  const std::vector<std::string>& tags() const noexcept { return tags_; }
  int64_t issued_at() const noexcept { return issued_at_; }
  int64_t expires() const noexcept { return expires_; } ///< 0: never
  bool is_valid_at(int64_t now) const noexcept {
    return (expires_ == 0 || now < expires_) && not_before_ <= now;
  }
  bool disallows_bearer() const noexcept { return disallow_bearer_; }
  /// Null: everything.
  const permissions_ptr& default_permissions() const noexcept { return default_permissions_; }
  /// Null unless the account's users are judged by an auth callout.
  const callout_claims* callout() const noexcept { return callout_.get(); }

  /// Null if this key may not sign users of the account.
  const signer* find_signer(std::string_view key) const;
  /// Issued up to a revocation of this user, or of all.
  bool is_revoked(std::string_view user, int64_t issued_at) const;

private:
  struct revocation {
    raw_public_key user;
    int64_t until;
  };

  std::string key_, name_, issuer_, id_;
  std::vector<std::string> tags_;
  int64_t issued_at_, expires_, not_before_;
  bool disallow_bearer_;
  std::vector<signer> signers_;         ///< sorted by key
  std::vector<revocation> revocations_; ///< sorted by user
  std::optional<int64_t> all_revoked_until_;
  permissions_ptr default_permissions_;
  std::unique_ptr<const callout_claims> callout_;
};

using account_trust_ptr = std::shared_ptr<const account_trust>;

/// Issued up to a revocation of this key, or of "*".
bool is_revoked(const std::map<std::string, int64_t>& revocations, std::string_view key,
                int64_t issued_at);

} // namespace troupe::security
