// actors/account_policy.hpp: what an account's rules came to.
#pragma once

#include "actors/account_mappings.hpp"
#include "actors/broker_services.hpp"
#include "actors/crossing.hpp"
#include "protocol/errc.hpp"
#include "protocol/ref_counted.hpp"
#include "security/account_rules.hpp"
#include "security/account_trust.hpp"
#include "security/sharing.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::actors {

/// Immutable: a change of an account's rules, or of what it imports from, makes a new one. Each
/// connection holds the one it acts by, until its reactor hears of the next.
struct account_policy : protocol::ref_counted<account_policy> {
  explicit account_policy(std::shared_ptr<const security::account_rules> given)
      : held{std::move(given)}, rules{*held} {}
  explicit account_policy(security::account_rules given)
      : account_policy{std::make_shared<const security::account_rules>(std::move(given))} {}

  const std::shared_ptr<const security::account_rules> held; ///< also by whoever judges imports
  const security::account_rules& rules;
  security::account_trust_ptr trust; ///< what logins must know of its JWT; null: it has none
  std::shared_ptr<const security::account_sharing> shared; ///< where the next two come from
  std::vector<stream_import_ptr> streams;
  std::vector<declared_service_ptr> services;    ///< they stand in the account's sublist
  std::vector<broker_service_ptr> of_the_broker; ///< so do these
  account_mappings mappings;
  bool removed = false;                           ///< the account is gone: its connections end
  protocol::errc farewell = protocol::errc::none; ///< what they are told; none: nothing

  /// Bytes of one message: the account's limit and the server's, negative: none.
  int64_t max_payload(int64_t of_server) const noexcept {
    auto mine = rules.limits.payload;
    return mine < 0 ? of_server : of_server < 0 ? mine : std::min(mine, of_server);
  }
  /// May a connection that has `count` subscriptions make another? `of_server`: 0 is no limit.
  bool admits_subscription(size_t count, int64_t of_server) const noexcept {
    auto mine = rules.limits.subscriptions;
    return (mine < 0 || static_cast<int64_t>(count) < mine)
           && (of_server <= 0 || static_cast<int64_t>(count) < of_server);
  }
};

/// What of the account's rules cannot be served, a sentence each.
std::vector<std::string> problems_of(const account_policy& policy);

} // namespace troupe::actors
