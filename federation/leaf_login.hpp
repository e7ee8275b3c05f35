// federation/leaf_login.hpp: who an accepted leaf node is, and for how long.
#pragma once

#include "actors/account_policy.hpp"
#include "actors/callout_login.hpp"
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
    /// An auth callout has refused it: where that listens, and what it has said.
    actors::account_ptr judged_in = {};
    std::string judged_why = {};
  };
  /// What is known besides CONNECT.
  struct facts {
    std::string address, nonce;
    std::optional<security::certificate_identity> certificate;
    security::connection_type type = security::connection_type::leafnode;
    std::optional<security::client_tls_claim> tls;
    uint64_t lid = 0;
    std::string peer;                ///< the prefix of log lines
    actors::reactor_actor publisher; ///< of a question to an auth callout
  };

  /// Nothing: it takes a while, and `whom` will be sent a login_result, which is for finish().
  std::optional<answer> begin(actors::core& shared, leaf_terms_ptr terms,
                              const protocol::link_connect& said, facts also,
                              const actors::connection_actor& whom);
  /// Nothing again: it is an auth callout's turn.
  std::optional<answer> finish(actors::core& shared, const actors::login_result& outcome,
                               const actors::connection_actor& whom);
  /// It waits for an auth callout, for which there is a time limit.
  bool is_asking() const noexcept { return static_cast<bool>(asked_); }
  answer overdue();

  /// May it stay, after a reload? Empty, or why not.
  std::string recheck(const leaf_terms_ptr& now);
  /// The same, after its account's rules have changed.
  std::string follow(const actors::account_policy& now);
  /// Unix seconds; 0: for good.
  int64_t valid_until() const noexcept { return user_ ? user_->valid_until : 0; }
  /// How it is called in reports; never a secret.
  const std::string& label() const noexcept { return label_; }

private:
  std::optional<answer> accepted(actors::core& shared, const security::verdict& outcome,
                                 const actors::connection_actor& whom);
  std::optional<answer> admitted(actors::core& shared, const actors::jwt_outcome& outcome,
                                 const actors::connection_actor& whom);
  std::optional<answer> decided(std::optional<answer> now);
  void ask(actors::core& shared, actors::callout_login question,
           const actors::connection_actor& whom);
  const security::certificate_identity* certificate(const leaf_terms& terms) const;
  /// Users of clients, unless leaf nodes have their own; over a websocket its `no_auth_user`
  /// counts.
  static const security::authenticator& judge_of(const leaf_terms& terms,
                                                 security::connection_type type) {
    const auto& now = *terms.settings;
    bool web = type == security::connection_type::leafnode_websocket
               && !now.options.websocket.login.no_auth_user.empty();
    return terms.users ? *terms.users : now.auth_of(web);
  }
  bool callout_has_a_say(const security::verdict& outcome) const;

  protocol::link_connect said_; // secrets included, until the login is decided
  actors::account_ptr asked_;   // whose auth callout is
  bool by_callout_ = false;     // it has let this one in
  leaf_terms_ptr terms_;        // keeps what `identity_` points to
  facts facts_;
  security::credentials given_;
  security::accepted identity_;
  std::optional<security::admitted_user> user_; // in operator mode
  security::account_trust_ptr trust_;           // what was known of its account
  std::string label_;
};

} // namespace troupe::federation
