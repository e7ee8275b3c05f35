// actors/account_registry.hpp: every account of the broker, by name, with what its rules came to.
#pragma once

#include "actors/account_policy.hpp"
#include "protocol/errc.hpp"
#include "security/account_rules.hpp"
#include "security/sharing.hpp"

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::actors {

/// Any thread. A change is in force for new logins when the call returns; connections that are
/// there already hear of it by mail. Only what changes is touched: others never notice.
class account_registry {
public:
  using listener = std::function<void(const account_ptr&)>;

  /// `cluster`: the one this broker belongs to, for mappings that name it. Without a `check`,
  /// activation tokens are judged by the exporters' JWTs, where accounts have them. `links`: null
  /// if the broker has none; else it outlives the accounts.
  account_registry(size_t reactors, std::string_view system_account, std::string_view cluster = {},
                   security::sharing::activation_check check = {}, link_registry* links = nullptr);
  ~account_registry();
  account_registry(const account_registry&) = delete;
  account_registry& operator=(const account_registry&) = delete;

  const account_ptr global; ///< $G
  const account_ptr system;

  /// Null if there is none. O(1).
  account_ptr find(std::string_view name) const;
  /// The account of a login that was accepted; made, with no limits and no rules, if it is new.
  account_ptr named(std::string_view name);
  std::vector<account_ptr> all() const;
  size_t size() const;

  /// The configuration's accounts, all of them: adds, changes, and removes whom it does not name
  /// ($G and the system account stay, and have no rules then). Answers one sentence for each import
  /// that cannot be served; the rest is in force.
  std::vector<std::string> apply(std::vector<security::account_rules> all);
  /// One account comes or changes; the same as before: nothing happens. Answers as apply() does.
  /// With the `trust` of its JWT everybody in it is looked at again in any case.
  std::vector<std::string> put(security::account_rules rules,
                               security::account_trust_ptr trust = {});
  /// Its connections end, told `farewell` if that is an error. A later account of the same name is
  /// another one. False: there is none, or it cannot go ($G, the system account).
  bool remove(std::string_view name, protocol::errc farewell = protocol::errc::none);

  /// For one that cannot go: no operator vouches for it any more. It stays, but who logged in by
  /// its JWT has to leave, and nobody new comes in before it is put with trust again.
  void distrust(std::string_view name);

  /// Looks at an account's imports again, for instance when an activation has expired.
  std::vector<std::string> recheck(std::string_view name);
  /// The same for each account one of whose activations has ended by `now`, in Unix seconds.
  std::vector<std::string> recheck_activations(int64_t now);
  /// Does anybody want anything in the account, other than by its own imports: a client, a link, an
  /// account that takes its streams?
  bool is_wanted(const account& which);
  /// Everybody in the account is looked at again, as its JWT may have expired.
  void review(std::string_view name);

  /// Who hears of new accounts, and of accounts whose policy has changed or that were removed; set
  /// before anything else is called from other threads. Called without a lock, after the fact.
  void listen(listener on_made, listener on_changed);

private:
  using table = std::unordered_map<std::string_view, account_ptr>; ///< by the account's own name
  /// Whom to tell when the lock is free again.
  struct news {
    std::vector<account_ptr> made, changed;
  };

  account_ptr locked_named(std::string_view name, news& out);
  void follow(const std::vector<std::string>& names, news& out, std::vector<std::string>& problems);
  void renew(const account_ptr& which, std::vector<std::string>& problems);
  stream_import_ptr stream_of(const security::resolved_import& import,
                              const account_policy& before);
  declared_service_ptr service_of(const security::resolved_import& import, account& importer,
                                  const account_policy& before);
  void accept_responses(const account_ptr& which);
  void offer_services(account& whom);
  security::account_trust_ptr trust_in(std::string_view name) const;
  bool locked_remove(std::string_view name, protocol::errc farewell, news& out);
  std::string judge_activation(const security::account_rules& importer,
                               const security::import_rule& wanted,
                               const security::export_rule& offer);
  bool stays(const account_ptr& which) const noexcept { return which == global || which == system; }
  void tell(const news& what) const;

  const size_t reactors_;
  link_registry* const links_;
  const std::string cluster_;
  const destination_ptr nobody_; ///< crossings are delivered elsewhere
  listener on_made_, on_changed_;
  std::mutex change_mutex_;  // one change at a time; taken before `mutex_`
  mutable std::mutex mutex_; // the table; never held for long
  table accounts_;
  // Guarded by `change_mutex_`.
  security::sharing sharing_;
  account_ptr coming_; ///< whose trust changes, and to what: before it is in a policy
  security::account_trust_ptr coming_trust_;
  std::set<std::pair<int64_t, std::string>> activations_end_;      ///< when, whose
  std::unordered_map<const account*, subscription_ptr> responses_; ///< in the sublists of some
};

} // namespace troupe::actors
