// federation/leaf_login.hpp: who an accepted leaf node is, and for how long.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/core.hpp"
#include "actors/interfaces.hpp"
#include "federation/leaf_terms.hpp"
#include "security/operator_trust.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::federation {

/// By the broker's own users, or its operator's, as clients are. Belongs to the link's thread.
class leaf_login {
public:
  /// Either an account, or a problem for the log.
  struct answer {
    actors::account_ptr where;
    security::permissions_ptr may; ///< null: everything
    std::string problem;
    leaf_limits limits = {};
  };
  /// What is known besides CONNECT.
  struct facts {
    std::string address, nonce;
    std::optional<security::certificate_identity> certificate;
    security::connection_type type = security::connection_type::leafnode;
  };

  /// Nothing: it takes a while, and `whom` will be sent a login_result, which is for finish().
  std::optional<answer> begin(actors::core& shared, leaf_terms_ptr terms,
                              const protocol::link_connect& said, facts also,
                              const actors::connection_actor& whom);
  answer finish(actors::core& shared, const actors::login_result& outcome);

  /// May it stay, after a reload? Empty, or why not.
  std::string recheck(const leaf_terms_ptr& now);
  /// The same, after its account's rules have changed.
  std::string follow(const actors::account_policy& now);
  /// Unix seconds; 0: for good.
  int64_t valid_until() const noexcept { return user_ ? user_->valid_until : 0; }
  /// How it is called in reports; never a secret.
  const std::string& label() const noexcept { return label_; }

private:
  answer accepted(actors::core& shared, const security::verdict& outcome);
  answer admitted(actors::core& shared, const actors::jwt_outcome& outcome);
  const security::certificate_identity* certificate(const leaf_terms& terms) const;
  static const security::authenticator& judge_of(const leaf_terms& terms) {
    return terms.users ? *terms.users : terms.settings->auth;
  }
  bool callout_has_a_say(const security::verdict& outcome) const;

  leaf_terms_ptr terms_; // keeps what `identity_` points to
  facts facts_;
  security::credentials given_;
  security::accepted identity_;
  std::optional<security::admitted_user> user_; // in operator mode
  security::account_trust_ptr trust_;           // what was known of its account
  std::string label_;
};

} // namespace troupe::federation
