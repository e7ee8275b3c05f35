// security/sharing.cpp: judges every import, and finds who is touched by a change.
#include "security/sharing.hpp"

#include "protocol/one_line.hpp"
#include "protocol/subject.hpp"
#include "security/export_offers.hpp"

#include <algorithm>
#include <utility>

namespace troupe::security {
namespace {

using protocol::quoted;
using protocol::subject_transform;

constexpr size_t longest_chain = 1024;

std::string opening(const account_rules& importer, const import_rule& wanted) {
  return "account " + quoted(importer.name) + " imports the " + std::string{to_string(wanted.kind)}
         + " " + quoted(wanted.subject) + " from account " + quoted(wanted.account) + ": ";
}

std::string_view local_of(const import_rule& rule) {
  return rule.local_subject.empty() ? rule.subject : rule.local_subject;
}

/// In the local subject of a service `$n` at the k-th place says that the exporter's k-th wildcard
/// is the n-th local one, which is how nats-server reads it: the other way round than for a stream.
/// Answers what a transform from the exporter's subject needs; what is wrong is left to that.
std::string turned_round(std::string_view local) {
  std::vector<uint32_t> order;
  for (protocol::token_walk w{local}; !w.done(); w.advance()) {
    auto read = protocol::parse_transform_part(w.token());
    const auto* part = std::get_if<protocol::transform_part>(&read);
    if (w.token() == "*")
      order.push_back(static_cast<uint32_t>(order.size() + 1));
    else if (part && part->what == protocol::transform_part::function::wildcard)
      order.push_back(part->tokens.front());
  }
  std::string out;
  uint32_t nth = 0;
  for (protocol::token_walk w{local}; !w.done(); w.advance()) {
    auto read = protocol::parse_transform_part(w.token());
    const auto* part = std::get_if<protocol::transform_part>(&read);
    bool wild =
        w.token() == "*" || (part && part->what == protocol::transform_part::function::wildcard);
    auto found = wild ? std::find(order.begin(), order.end(), ++nth) : order.end();
    if (wild && found == order.end())
      return std::string{local};
    out.append(out.empty() ? "" : ".");
    if (wild)
      out.append("$").append(std::to_string(found - order.begin() + 1));
    else
      out.append(w.token());
  }
  return out;
}

/// The same import twice: a stream of the same subject, a service under the same local subject.
bool is_same_import(const resolved_import& known, const import_rule& wanted,
                    const subject_transform& transform) {
  if (known.rule.kind != wanted.kind || known.rule.account != wanted.account)
    return false;
  return wanted.kind == share_kind::stream
             ? known.rule.subject == wanted.subject
             : known.transform.destination_pattern() == transform.destination_pattern();
}

std::string token_of(std::string_view subject, uint32_t position) {
  uint32_t at = 1;
  for (protocol::token_walk w{subject}; !w.done(); w.advance(), ++at)
    if (at == position)
      return std::string{w.token()};
  return {};
}

std::string with_token(std::string_view subject, uint32_t position, std::string_view token) {
  std::string out;
  uint32_t at = 1;
  for (protocol::token_walk w{subject}; !w.done(); w.advance(), ++at)
    out.append(at == 1 ? "" : ".").append(at == position ? token : w.token());
  return out;
}

} // namespace

struct sharing::offered {
  export_offers found;
};

sharing::sharing(activation_check check) : check_{std::move(check)} {}

sharing::entry* sharing::look_up(const std::string& account) {
  auto found = accounts_.find(account);
  return found == accounts_.end() ? nullptr : &found->second;
}

std::shared_ptr<const account_sharing> sharing::find(std::string_view account) const {
  auto found = accounts_.find(std::string{account});
  return found == accounts_.end() ? nullptr : found->second.result;
}

std::shared_ptr<const account_rules> sharing::rules_of(std::string_view account) const {
  auto found = accounts_.find(std::string{account});
  return found == accounts_.end() ? nullptr : found->second.rules;
}

void sharing::forget_imports(const account_rules& rules) {
  for (const auto& wanted : rules.imports)
    if (auto found = importers_of_.find(wanted.account); found != importers_of_.end()) {
      found->second.erase(rules.name);
      if (found->second.empty())
        importers_of_.erase(found);
    }
}

void sharing::know(account_rules rules) {
  auto& mine = accounts_[rules.name];
  if (mine.rules)
    forget_imports(*mine.rules);
  for (const auto& wanted : rules.imports)
    importers_of_[wanted.account].insert(rules.name);
  mine.rules = std::make_shared<const account_rules>(std::move(rules));
  // Most accounts share nothing, and there may be thousands.
  static const auto no_offers = std::make_shared<const offered>(offered{export_offers{{}}});
  static const auto no_result = std::make_shared<const account_sharing>();
  mine.offers = mine.rules->exports.empty()
                    ? no_offers
                    : std::make_shared<const offered>(offered{export_offers{*mine.rules}});
  if (!mine.result)
    mine.result = no_result;
}

std::vector<std::string> sharing::assign(std::vector<account_rules> all) {
  auto before = std::exchange(accounts_, {});
  importers_of_.clear();
  waiting_for_cycles_.clear();
  std::vector<std::string> names;
  for (auto& rules : all)
    names.push_back(rules.name);
  for (auto& rules : all)
    know(std::move(rules));
  for (const auto& name : names)
    resolve(name);
  std::vector<std::string> changed;
  for (const auto& name : names) {
    auto old = before.find(name);
    if (old == before.end() || *old->second.result != *accounts_[name].result)
      changed.push_back(name);
    if (old != before.end())
      before.erase(old);
  }
  for (const auto& [name, gone] : before)
    changed.push_back(name);
  return changed;
}

std::vector<std::string> sharing::put(account_rules rules) {
  auto name = rules.name;
  const bool fresh = !look_up(name);
  know(std::move(rules));
  std::vector<std::string> changed;
  if (resolve(name) || fresh)
    changed.push_back(name);
  resolve_those_that_wait(name, changed);
  return changed;
}

std::vector<std::string> sharing::remove(std::string_view account) {
  std::string name{account};
  auto* mine = look_up(name);
  if (!mine)
    return {};
  forget_imports(*mine->rules);
  waiting_for_cycles_.erase(name);
  accounts_.erase(name);
  std::vector<std::string> changed{name};
  resolve_those_that_wait(name, changed);
  return changed;
}

std::vector<std::string> sharing::recheck(std::string_view account) {
  std::string name{account};
  if (!look_up(name) || !resolve(name))
    return {};
  std::vector<std::string> changed{name};
  for (const auto& other : std::set<std::string>{waiting_for_cycles_})
    if (other != name && resolve(other))
      changed.push_back(other);
  return changed;
}

void sharing::resolve_those_that_wait(const std::string& changed, std::vector<std::string>& names) {
  std::set<std::string> others = waiting_for_cycles_;
  if (auto found = importers_of_.find(changed); found != importers_of_.end())
    others.insert(found->second.begin(), found->second.end());
  others.erase(changed);
  for (const auto& other : others)
    if (resolve(other))
      names.push_back(other);
}

/// Judges the account anew; true if something is different now.
bool sharing::resolve(const std::string& account) {
  auto& mine = accounts_[account];
  const auto& rules = *mine.rules;
  account_sharing fresh;
  for (size_t i = 0; i < rules.exports.size(); ++i)
    if (auto fault = fault_of_export(rules, i); !fault.empty())
      fresh.refused_exports.push_back({i, std::move(fault)});
  bool cycle = false;
  for (size_t i = 0; i < rules.imports.size(); ++i) {
    const auto& wanted = rules.imports[i];
    auto reason = rules.limits.imports >= 0 && i >= static_cast<size_t>(rules.limits.imports)
                      ? "the account may have " + std::to_string(rules.limits.imports)
                            + " imports, not " + std::to_string(rules.imports.size())
                      : refuse(mine, wanted, fresh, cycle);
    if (!reason.empty())
      fresh.refused_imports.push_back({i, opening(rules, wanted) + reason});
  }
  if (cycle)
    waiting_for_cycles_.insert(account);
  else
    waiting_for_cycles_.erase(account);
  if (fresh == *mine.result)
    return false;
  mine.result = std::make_shared<const account_sharing>(std::move(fresh));
  return true;
}

/// Adds the import to `so_far`, or says why it cannot be.
std::string sharing::refuse(const entry& importer, const import_rule& wanted,
                            account_sharing& so_far, bool& cycle) {
  if (!protocol::is_valid_subscription(wanted.subject))
    return "it is no subject: no empty token, no blank, \">\" only at its end";
  auto local = std::string{local_of(wanted)};
  if (wanted.kind == share_kind::service)
    local = turned_round(local);
  auto made = subject_transform::make(wanted.subject, local, subject_transform::dialect::import);
  if (auto* wrong = std::get_if<std::string>(&made))
    return *wrong;
  auto& transform = std::get<subject_transform>(made);
  for (const auto& known : so_far.imports)
    if (is_same_import(known, wanted, transform))
      return "another import takes " + quoted(known.rule.subject) + " from there as "
             + quoted(local_of(known.rule)) + " already; keep one";
  const auto* exporter = look_up(wanted.account);
  if (!exporter)
    return "there is no such account here";
  const auto& offers = *exporter->rules;
  auto at = exporter->offers->found.find(offers, wanted.kind, wanted.subject);
  if (at == export_offers::none)
    return "it is not exported there; account " + quoted(wanted.account) + " must export a "
           + std::string{to_string(wanted.kind)} + " that contains the subject";
  if (auto reason = judge_offer(*importer.rules, wanted, offers.exports[at]); !reason.empty())
    return reason;
  if (auto reason = find_cycle(importer.rules->name, wanted, transform, so_far); !reason.empty()) {
    cycle = true;
    return reason;
  }
  so_far.imports.push_back(
      {wanted, std::shared_ptr<const export_rule>{exporter->rules, &offers.exports[at]},
       std::move(transform)});
  return {};
}

std::string sharing::judge_offer(const account_rules& importer, const import_rule& wanted,
                                 const export_rule& offer) const {
  const auto from = "the export " + quoted(offer.subject);
  if (auto position = offer.account_token_position; position != 0) {
    if (token_of(wanted.subject, position) == importer.name)
      return {};
    return from + " gives each account its own subjects: import "
           + quoted(with_token(wanted.subject, position, importer.name));
  }
  if (offer.token_required) {
    if (wanted.token.empty())
      return from + " needs an activation token of its account";
    auto why = check_ ? check_(importer, wanted, offer)
                      : std::string{"activation tokens are checked in operator mode only"};
    return why.empty() ? why : from + " needs an activation token: " + why;
  }
  if (offer.accounts
      && std::find(offer.accounts->begin(), offer.accounts->end(), importer.name)
             == offer.accounts->end())
    return from + " is not for this account; add " + quoted(importer.name)
           + " to the accounts of the export";
  return {};
}

/// Follows the subject from exporter to exporter. A cycle is there when what this import takes can
/// be what it gave: then a message would go round for ever.
std::string sharing::find_cycle(const std::string& importer, const import_rule& wanted,
                                const subject_transform& transform,
                                const account_sharing& so_far) const {
  const auto local = transform.destination_pattern();
  using stop = std::pair<std::string, std::string>; // account, pattern in its name space
  std::vector<stop> chain{{wanted.account, wanted.subject}};
  std::set<stop> seen{chain.front()};
  for (size_t i = 0; i < chain.size(); ++i) {
    const auto [account, pattern] = chain[i];
    if (account == importer && protocol::overlaps(pattern, local))
      return "the import forms a cycle: what is " + quoted(local) + " here is made of itself over "
             + std::to_string(i + 1) + " " + (i == 0 ? "import" : "imports")
             + "; choose another local subject";
    if (chain.size() > longest_chain)
      return "its chain of imports visits more than " + std::to_string(longest_chain)
             + " subjects of other accounts";
    auto known = accounts_.find(account);
    if (known == accounts_.end())
      continue;
    // The importer's own imports are those accepted so far, not those of its last result.
    const auto& imports = account == importer ? so_far.imports : known->second.result->imports;
    for (const auto& one : imports)
      if (one.rule.kind == wanted.kind)
        if (auto back = one.transform.pull_back(pattern))
          if (stop next{one.rule.account, *back}; seen.insert(next).second)
            chain.push_back(std::move(next));
  }
  return {};
}

} // namespace troupe::security
