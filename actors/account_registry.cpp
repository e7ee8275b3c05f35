// actors/account_registry.cpp: looks accounts up and changes them, one change at a time.
#include "actors/account_registry.hpp"

#include "actors/account_policy.hpp"
#include "security/operator_trust.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace troupe::actors {

account_registry::account_registry(size_t reactors, std::string_view system_account,
                                   std::string_view cluster,
                                   security::sharing::activation_check check, link_registry* links)
    : global{protocol::make_ref<account>("$G", reactors, false, links)},
      system{protocol::make_ref<account>(std::string{system_account}, reactors, true, links)},
      reactors_{reactors}, links_{links}, cluster_{cluster},
      nobody_{protocol::make_ref<destination>(uint64_t{0}, uint32_t{0}, protocol::peer_kind::system,
                                              int64_t{0})},
      sharing_{check ? std::move(check)
                     : [this](const auto& importer, const auto& wanted, const auto& offer) {
                         return judge_activation(importer, wanted, offer);
                       }} {
  accounts_.emplace(global->name, global);
  accounts_.emplace(system->name, system);
  accept_responses(system);
  offer_services(*global);
}

/// A new account can ask the broker at once.
void account_registry::offer_services(account& whom) {
  auto policy = protocol::make_ref<account_policy>(whom.policy()->held);
  policy->of_the_broker = broker_services(whom, system, nobody_);
  whom.set_policy(policy);
  for (const auto& service : policy->of_the_broker)
    whom.add_interest(service);
}

template <class Services>
void take_out(const Services& services, account& of) {
  for (const auto& service : services)
    of.drop_interest(*service);
}

/// Accounts that import from each other keep each other alive.
account_registry::~account_registry() {
  for (const auto& [name, which] : accounts_) {
    auto policy = which->policy();
    take_out(policy->services, *which);
    take_out(policy->of_the_broker, *which);
    which->set_policy(protocol::make_ref<account_policy>(policy->held));
  }
}

void account_registry::listen(listener on_made, listener on_changed) {
  on_made_ = std::move(on_made);
  on_changed_ = std::move(on_changed);
}

void account_registry::tell(const news& what) const {
  for (const auto& each : what.made)
    if (on_made_)
      on_made_(each);
  for (const auto& each : what.changed)
    if (on_changed_)
      on_changed_(each);
}

// -- looking up
// ----------------------------------------------------------------------------------------

account_ptr account_registry::find(std::string_view name) const {
  std::lock_guard guard{mutex_};
  auto known = accounts_.find(name);
  return known == accounts_.end() ? account_ptr{} : known->second;
}

account_ptr account_registry::named(std::string_view name) {
  news out;
  auto found = locked_named(name, out);
  tell(out);
  return found;
}

account_ptr account_registry::locked_named(std::string_view name, news& out) {
  std::lock_guard guard{mutex_};
  if (auto known = accounts_.find(name); known != accounts_.end())
    return known->second;
  auto made = protocol::make_ref<account>(std::string{name}, reactors_, false, links_);
  offer_services(*made);
  accounts_.emplace(made->name, made);
  out.made.push_back(made);
  return made;
}

std::vector<account_ptr> account_registry::all() const {
  std::lock_guard guard{mutex_};
  std::vector<account_ptr> out;
  out.reserve(accounts_.size());
  for (const auto& [name, which] : accounts_)
    out.push_back(which);
  return out;
}

size_t account_registry::size() const {
  std::lock_guard guard{mutex_};
  return accounts_.size();
}

// -- changes
// ----------------------------------------------------------------------------------------

std::vector<std::string> account_registry::apply(std::vector<security::account_rules> all) {
  news out;
  std::vector<std::string> problems;
  {
    std::lock_guard guard{change_mutex_};
    std::unordered_set<std::string> wanted;
    std::vector<std::string> changed;
    for (const auto& rules : all) {
      wanted.insert(rules.name);
      if (locked_named(rules.name, out)->policy()->rules != rules)
        changed.push_back(rules.name);
    }
    for (const auto& each : this->all()) {
      if (wanted.contains(each->name))
        continue;
      if (!stays(each)) {
        locked_remove(each->name, protocol::errc::none, out);
        continue;
      }
      all.emplace_back().name = each->name;
      if (each->policy()->rules != all.back())
        changed.push_back(each->name);
    }
    for (auto& name : sharing_.assign(std::move(all)))
      changed.push_back(std::move(name));
    follow(changed, out, problems);
  }
  tell(out);
  return problems;
}

std::vector<std::string> account_registry::put(security::account_rules rules,
                                               security::account_trust_ptr trust) {
  news out;
  std::vector<std::string> problems;
  {
    std::lock_guard guard{change_mutex_};
    auto which = locked_named(rules.name, out);
    if (!trust && sharing_.rules_of(rules.name) && which->policy()->rules == rules)
      return {};
    coming_ = which; // before sharing asks for activations
    coming_trust_ = trust ? std::move(trust) : which->policy()->trust;
    std::vector<std::string> changed{rules.name};
    for (auto& name : sharing_.put(std::move(rules)))
      changed.push_back(std::move(name));
    follow(changed, out, problems);
    coming_.reset();
    coming_trust_.reset();
  }
  tell(out);
  return problems;
}

bool account_registry::remove(std::string_view name, protocol::errc farewell) {
  news out;
  {
    std::lock_guard guard{change_mutex_};
    if (!locked_remove(name, farewell, out))
      return false;
    std::vector<std::string> ignored; // they lose an import: nobody asked for that
    follow(sharing_.remove(name), out, ignored);
  }
  tell(out);
  return true;
}

void account_registry::distrust(std::string_view name) {
  news out;
  {
    std::lock_guard guard{change_mutex_};
    auto which = find(name);
    if (!which || !which->policy()->trust)
      return;
    coming_ = which;
    coming_trust_.reset();
    std::vector<std::string> changed{std::string{name}}, ignored;
    // Who imports from it by an activation loses that.
    for (auto& other : sharing_.put(*sharing_.rules_of(name)))
      changed.push_back(std::move(other));
    follow(changed, out, ignored);
    coming_.reset();
  }
  tell(out);
}

std::vector<std::string> account_registry::recheck(std::string_view name) {
  news out;
  std::vector<std::string> problems;
  {
    std::lock_guard guard{change_mutex_};
    follow(sharing_.recheck(name), out, problems);
  }
  tell(out);
  return problems;
}

std::vector<std::string> account_registry::recheck_activations(int64_t now) {
  news out;
  std::vector<std::string> problems;
  {
    std::lock_guard guard{change_mutex_};
    std::set<std::string> due;
    while (!activations_end_.empty() && activations_end_.begin()->first <= now)
      due.insert(std::move(activations_end_.extract(activations_end_.begin()).value().second));
    for (const auto& name : due)
      follow(sharing_.recheck(name), out, problems);
  }
  tell(out);
  return problems;
}

void account_registry::review(std::string_view name) {
  news out;
  if (auto which = find(name))
    out.changed.push_back(std::move(which));
  tell(out);
}

bool account_registry::is_wanted(const account& which) {
  std::lock_guard guard{change_mutex_};
  auto policy = which.policy();
  auto own = policy->services.size() + policy->of_the_broker.size()
             + (responses_.contains(&which) ? size_t{1} : size_t{0});
  return which.interests.size() > own;
}

/// Null: its rules do not come from a JWT.
security::account_trust_ptr account_registry::trust_in(std::string_view name) const {
  if (coming_ && name == coming_->name)
    return coming_trust_;
  auto which = find(name);
  return which ? which->policy()->trust : nullptr;
}

/// Of a token that is good it is noted until when.
std::string account_registry::judge_activation(const security::account_rules& importer,
                                               const security::import_rule& wanted,
                                               const security::export_rule& offer) {
  auto exporter = trust_in(wanted.account);
  if (!exporter)
    return "activation tokens are checked in operator mode only";
  auto now = std::chrono::duration_cast<std::chrono::seconds>(
                 std::chrono::system_clock::now().time_since_epoch())
                 .count();
  int64_t until = 0;
  auto why = security::check_activation(importer.name, wanted, offer, *exporter, now, until);
  if (why.empty() && until != 0)
    activations_end_.emplace(until, importer.name);
  return why;
}

bool account_registry::locked_remove(std::string_view name, protocol::errc farewell, news& out) {
  account_ptr gone;
  {
    std::lock_guard guard{mutex_};
    auto which = accounts_.find(name);
    if (which == accounts_.end() || stays(which->second))
      return false;
    gone = which->second;
    accounts_.erase(which);
  }
  security::account_rules none;
  none.name = gone->name;
  auto last = protocol::make_ref<account_policy>(std::move(none));
  last->removed = true;
  last->farewell = farewell;
  auto before = gone->policy();
  gone->set_policy(last);
  take_out(before->services, *gone);
  take_out(before->of_the_broker, *gone);
  if (auto responses = responses_.find(gone.get()); responses != responses_.end()) {
    gone->drop_interest(*responses->second);
    responses_.erase(responses);
  }
  out.changed.push_back(std::move(gone));
  return true;
}

// -- policies
// ---------------------------------------------------------------------------------------

/// Makes new policies for accounts whose rules, or whose imports, have changed; each once.
void account_registry::follow(const std::vector<std::string>& names, news& out,
                              std::vector<std::string>& problems) {
  std::unordered_set<std::string_view> done;
  for (const auto& name : names) {
    auto which = find(name);
    if (!which || !done.insert(name).second)
      continue;
    renew(which, problems);
    out.changed.push_back(which);
  }
}

std::vector<std::string> problems_of(const account_policy& policy) {
  std::vector<std::string> out;
  for (const auto& refusal : policy.shared->refused_imports)
    out.push_back(refusal.reason);
  for (const auto& refusal : policy.shared->refused_exports)
    out.push_back(refusal.reason);
  return out;
}

/// What stays the same is the same object as before, so that nothing that uses it is disturbed.
void account_registry::renew(const account_ptr& which, std::vector<std::string>& problems) {
  auto before = which->policy();
  auto next = protocol::make_ref<account_policy>(sharing_.rules_of(which->name));
  next->trust = trust_in(which->name);
  next->of_the_broker = before->of_the_broker;
  next->mappings = account_mappings{next->rules.mappings, cluster_, problems};
  next->shared = sharing_.find(which->name);
  for (auto& problem : problems_of(*next))
    problems.push_back(std::move(problem));
  for (const auto& import : next->shared->imports) {
    if (import.rule.kind == security::share_kind::stream)
      next->streams.push_back(stream_of(import, *before));
    else
      next->services.push_back(service_of(import, *which, *before));
  }
  if (!next->services.empty())
    accept_responses(which); // a response may ask something itself
  which->set_policy(next);
  auto has = [](const auto& all, const auto& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  for (const auto& gone : before->services)
    if (!has(next->services, gone))
      which->drop_interest(*gone);
  for (const auto& come : next->services)
    if (!has(before->services, come))
      which->add_interest(come);
}

stream_import_ptr account_registry::stream_of(const security::resolved_import& import,
                                              const account_policy& before) {
  auto from = find(import.exporter());
  for (const auto& known : before.streams)
    if (known->from == from && known->transform.source() == import.transform.source()
        && known->transform.destination() == import.transform.destination())
      return known;
  return protocol::make_ref<stream_import>(std::move(from), import.transform);
}

declared_service_ptr account_registry::service_of(const security::resolved_import& import,
                                                  account& importer, const account_policy& before) {
  auto from = find(import.exporter());
  auto transform = import.transform.reversed();
  for (const auto& known : before.services)
    if (known->exporter == from && known->share == import.rule.share
        && *known->offer == *import.offer && known->transform.source() == transform.source()
        && known->transform.destination() == transform.destination())
      return known;
  accept_responses(from);
  auto text = importer.interests.share_text(import.transform.destination_pattern());
  return protocol::make_ref<declared_service>(std::move(text), nobody_, std::move(from),
                                              std::move(transform), import.offer,
                                              import.rule.share);
}

/// One subscription of the account for all responses that its clients will give.
void account_registry::accept_responses(const account_ptr& which) {
  auto& interest = responses_[which.get()];
  if (interest)
    return;
  auto text = which->interests.share_text(which->reply_prefix + ">");
  interest = protocol::make_ref<response_interest>(std::move(text), nobody_);
  which->add_interest(interest);
}

} // namespace troupe::actors
