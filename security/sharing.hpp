// security/sharing.hpp: which imports of which account hold, given what all accounts export.
#pragma once

#include "protocol/subject_transform.hpp"
#include "security/account_rules.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::security {

/// An import that the exporter allows.
struct resolved_import {
  import_rule rule;
  /// What it is covered by: response kind and threshold, latency, allow_trace. Never null.
  std::shared_ptr<const export_rule> offer;
  /// From the exporter's subject to the local one. A service's requests go the other way
  /// (`reversed()`), and a stream's subscriptions are pulled back through it.
  protocol::subject_transform transform;

  const std::string& exporter() const noexcept { return rule.account; }
  bool operator==(const resolved_import& other) const {
    return rule == other.rule && *offer == *other.offer;
  }
};

/// A sentence that names account, subject and what would be right; `index` is that of the rule in
/// `account_rules::imports` or `exports`.
struct refusal {
  size_t index = 0;
  std::string reason;
  bool operator==(const refusal&) const = default;
};

/// What became of one account's rules. Immutable once handed out.
struct account_sharing {
  std::vector<resolved_import> imports; ///< in the order of the rules
  std::vector<refusal> refused_imports;
  std::vector<refusal> refused_exports; ///< nobody can import them
  bool operator==(const account_sharing&) const = default;
};

/// The exports and imports of all accounts of a broker. A change of one account looks only at it,
/// at those that import from it, and at imports that a cycle kept out. Not for several threads at
/// once; what `find` returns may travel.
class sharing {
public:
  /// Empty: the import's activation token entitles `importer` to this export now; else why not.
  using activation_check = std::function<std::string(
      const account_rules& importer, const import_rule& wanted, const export_rule& offer)>;

  /// Without a check no token is good.
  explicit sharing(activation_check check = {});

  /// All accounts there are, in the order in which their imports are to be tried: of imports that
  /// together form a cycle, the last is refused. Returns the names of those whose result changed.
  std::vector<std::string> assign(std::vector<account_rules> all);
  /// Adds an account, or replaces what is known of it. Returns as `assign` does.
  std::vector<std::string> put(account_rules rules);
  std::vector<std::string> remove(std::string_view account);
  /// Looks at the account's imports again, for instance when an activation has expired.
  std::vector<std::string> recheck(std::string_view account);

  /// Null: no such account.
  std::shared_ptr<const account_sharing> find(std::string_view account) const;
  std::shared_ptr<const account_rules> rules_of(std::string_view account) const;
  size_t size() const noexcept { return accounts_.size(); }

private:
  struct offered; ///< the usable exports of one account, by subject
  struct entry {
    std::shared_ptr<const account_rules> rules;
    std::shared_ptr<const offered> offers;
    std::shared_ptr<const account_sharing> result;
    bool kept_out_by_cycle = false;
  };
  using importers = std::unordered_map<std::string, std::set<std::string>>;

  entry* look_up(const std::string& account);
  void know(account_rules rules);
  void forget_imports(const account_rules& rules);
  bool resolve(const std::string& account);
  std::string refuse(const entry& importer, const import_rule& wanted, account_sharing& so_far,
                     bool& cycle);
  std::string judge_offer(const account_rules& importer, const import_rule& wanted,
                          const export_rule& offer) const;
  std::string find_cycle(const std::string& importer, const import_rule& wanted,
                         const protocol::subject_transform& transform,
                         const account_sharing& so_far) const;
  void resolve_those_that_wait(const std::string& changed, std::vector<std::string>& names);

  activation_check check_;
  std::unordered_map<std::string, entry> accounts_;
  importers importers_of_; ///< by exporter, also by one that is not known
  std::set<std::string> waiting_for_cycles_;
};

} // namespace troupe::security
