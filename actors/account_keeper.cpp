// actors/account_keeper.cpp: what a source says, judged and told to the registry.
#include "actors/account_keeper.hpp"

#include "actors/account_policy.hpp"
#include "actors/log.hpp"
#include "protocol/one_line.hpp"
#include "security/jwt.hpp"
#include "security/nkey.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace troupe::actors {
namespace {

using result = account_book::entry::result;

/// Folders are looked at that often even if nothing seems to have changed there.
constexpr int64_t scan_every = 10;
constexpr int64_t sweep_every = 60;

bool has_expired(std::string_view jwt, int64_t now) {
  auto read = security::decode_account_jwt(jwt);
  const auto* said = std::get_if<security::account_claims>(&read);
  return said && said->standard.expires != 0 && said->standard.expires <= now;
}

} // namespace

account_keeper::account_keeper(account_registry& registry, current_operators& operators,
                               operator_setup setup, config::options options)
    : registry_{registry}, operators_{operators}, options_{std::move(options)},
      book_{registry, operators}, source_{std::move(setup.source)} {
  operators.follow(std::move(setup.trust));
  for (const auto& warning : setup.warnings)
    log::warn("{}", warning);
}

// -- from the source
// ---------------------------------------------------------------------------------

account_book::entry account_keeper::take(const sourced_account& one, int64_t now) {
  auto entry = book_.take(one.jwt, one.account, now);
  not_yet_valid_.erase(one.account); // whatever it was: this is what it is now
  if (entry.what == result::not_right)
    log::error("{}: account {} is not served: {}", one.where, log::printable(one.account, 64),
               protocol::on_one_line(entry.reason));
  if (entry.what == result::older)
    log::warn("{}: the JWT of account {} is older than the one in force, which stays", one.where,
              entry.account);
  if (entry.retry_at != 0) {
    not_yet_valid_.insert_or_assign(one.account, early{entry.retry_at, one});
    next_valid_ = std::min(next_valid_, entry.retry_at);
  }
  return entry;
}

void account_keeper::load(int64_t now) {
  watch_.follow(source_->folders()); // first: what changes meanwhile is seen by the next tick
  auto news = source_->look(0);
  for (const auto& problem : news.problems)
    log::error("{}", protocol::on_one_line(problem));
  for (auto& each : news.changed) {
    auto one = std::move(each); // ends here: room for what the next ones become, of thousands
    take(one, now);
  }
  store_preload(now);
  // Only now is it known which imports find their exporters.
  for (const auto& key : book_.accounts())
    for (const auto& problem : problems_of(*registry_.find(key)->policy()))
      log::warn("{}", protocol::on_one_line(problem));
  if (source_->kind() != source_kind::url && !book_.has(registry_.system->name))
    log::warn("The system account {} is not among the accounts: nobody can log in to it",
              registry_.system->name);
  log::info("Serving {} accounts of operators, digest {}", book_.size(), book_.digest());
  operators_.note_digest(book_.digest());
  noted_ = book_.raw_digest();
  next_scan_ = now + scan_every;
  next_sweep_ = now + sweep_every;
}

/// Accounts that the configuration names and the folder does not have.
void account_keeper::store_preload(int64_t now) {
  if (!source_->is_folder())
    return;
  for (const auto& [key, jwt] : options_.operators.preload) {
    auto entry = accept(jwt, key, "resolver_preload", now);
    if (entry.what == result::not_right)
      log::error("resolver_preload: account {} is not served: {}", log::printable(key, 64),
                 protocol::on_one_line(entry.reason));
  }
}

/// For whoever compares brokers.
void account_keeper::note_digest() {
  if (noted_ == book_.raw_digest())
    return;
  noted_ = book_.raw_digest();
  operators_.note_digest(book_.digest());
}

void account_keeper::tell(const account_book::entry& entry, const std::string& from) const {
  if (entry.what == result::taken)
    log::info("Account {} is updated from {}; {} accounts, digest {}", entry.account, from,
              book_.size(), book_.digest());
  for (const auto& problem : entry.problems)
    log::warn("{}", protocol::on_one_line(problem));
}

/// What changed since the last look.
void account_keeper::look(int64_t now) {
  auto news = source_->look(now - 2);
  for (const auto& problem : news.problems)
    log::error("{}", protocol::on_one_line(problem));
  if (!news.operator_jwt.empty() && follow_operator(news.operator_jwt, now)) {
    // Who was refused may be right now, and who is known may have to be judged anew.
    source_->tell_all_again();
    auto again = source_->look(now - 2);
    news.changed = std::move(again.changed);
    news.removed.insert(news.removed.end(), again.removed.begin(), again.removed.end());
  }
  for (const auto& one : news.changed)
    tell(take(one, now), one.where);
  for (const auto& key : news.removed) {
    not_yet_valid_.erase(key);
    if (book_.drop(key))
      log::info("Account {} is removed; {} accounts, digest {}", key, book_.size(), book_.digest());
    else if (key == registry_.system->name)
      log::error("The JWT of the system account {} has gone; it stays as it is", key);
  }
  watch_.follow(source_->folders());
}

/// The operator of the store has a new JWT: other keys may sign accounts now. False: it is not
/// used.
bool account_keeper::follow_operator(const std::string& jwt, int64_t now) {
  // The store's comes last, behind those that the configuration names.
  auto why = refusal_of_successor(operators_.now()->operators().back(), jwt);
  if (!why.empty()) {
    log::error("The operator's new JWT is not used: {}", protocol::on_one_line(why));
    return false;
  }
  auto made = trust_with(options_, jwt, now);
  if (auto* problems = std::get_if<std::vector<std::string>>(&made)) {
    for (const auto& problem : *problems)
      log::error("The operator's new JWT is not used: {}", protocol::on_one_line(problem));
    return false;
  }
  auto& next = std::get<operator_trust_ptr>(made);
  if (next->system_account() != operators_.now()->system_account()) {
    log::error("The operator's new JWT is not used: it names another system account, which needs "
               "a restart");
    return false;
  }
  log::info("The operator has a new JWT");
  for (const auto& key : book_.follow(next))
    log::info("Account {} is not signed by the operator any more and ends", key);
  return true;
}

void account_keeper::tick(int64_t now) {
  bool changed = watch_.changed();
  bool scan = now >= next_scan_;
  if (scan)
    next_scan_ = now + scan_every;
  if (changed || (scan && !source_->folders().empty()))
    look(now);
  if (now >= next_valid_)
    take_those_valid_now(now);
  let_expire(now);
  if (now >= next_sweep_) {
    next_sweep_ = now + sweep_every;
    if (source_->kind() == source_kind::cache)
      forget_unused(now);
  }
  note_digest();
}

void account_keeper::take_those_valid_now(int64_t now) {
  std::vector<sourced_account> due;
  next_valid_ = std::numeric_limits<int64_t>::max();
  for (const auto& [key, one] : not_yet_valid_)
    if (one.valid_at <= now)
      due.push_back(one.what);
    else
      next_valid_ = std::min(next_valid_, one.valid_at);
  for (const auto& one : due)
    tell(take(one, now), one.where);
}

void account_keeper::let_expire(int64_t now) {
  for (const auto& key : book_.let_expire(now)) {
    log::info("The JWT of account {} has expired", key);
    if (!source_->is_folder())
      continue;
    if (auto text = source_->read(key); text && has_expired(*text, now))
      source_->drop(key); // else its successor lies there already, and is taken by the next look
  }
}

void account_keeper::reload(const config::options& options, int64_t now) {
  auto system = std::move(options_.system_account);
  auto resolver = std::move(options_.operators.resolver); // may be the operator's own; no reload
  options_ = options;
  options_.system_account = std::move(system);
  options_.operators.resolver = std::move(resolver);
  source_->preload(options_.operators.preload);
  look(now);
  store_preload(now);
}

// -- on demand
// ---------------------------------------------------------------------------------------

bool account_keeper::serves(std::string_view account, int64_t now) const {
  auto found = registry_.find(account);
  auto trust = found ? found->policy()->trust : security::account_trust_ptr{};
  return trust && trust->is_valid_at(now);
}

bool account_keeper::find_here(std::string_view account, int64_t now) {
  if (!source_->folders().empty() && now != last_search_) {
    last_search_ = now;
    look(now);
  }
  return serves(account, now);
}

std::vector<std::string> account_keeper::missing_exporters(const std::string& account) const {
  std::vector<std::string> out;
  auto found = registry_.find(account);
  if (!found)
    return out;
  auto policy = found->policy();
  for (const auto& each : policy->rules.imports)
    if (!book_.has(each.account)
        && security::is_public_nkey(each.account, security::nkey_kind::account)
        && std::find(out.begin(), out.end(), each.account) == out.end())
      out.push_back(each.account);
  return out;
}

std::vector<std::string> account_keeper::missing_exporters() const {
  std::set<std::string> out;
  for (const auto& key : book_.accounts())
    for (auto& each : missing_exporters(key))
      out.insert(std::move(each));
  return {out.begin(), out.end()};
}

account_book::entry account_keeper::accept(std::string_view jwt, std::string_view account,
                                           const std::string& from, int64_t now) {
  auto entry =
      book_.take(jwt, account, now, [&](const std::string& key) { return keep(key, jwt); });
  if (entry.what == result::taken)
    not_yet_valid_.erase(entry.account);
  note_digest();
  tell(entry, from);
  return entry;
}

std::string account_keeper::keep(const std::string& account, std::string_view jwt) {
  auto why = source_->keep(account, jwt);
  if (!why.empty() && source_->kind() == source_kind::cache && make_room())
    why = source_->keep(account, jwt);
  return why;
}

bool account_keeper::remove(std::string_view account) {
  // Also one that is not served, as it is not yet valid, say, must not come back.
  if (account == registry_.system->name || (!book_.drop(account) && !source_->read(account)))
    return false;
  not_yet_valid_.erase(std::string{account});
  source_->drop(account);
  note_digest();
  log::info("Account {} is removed; {} accounts, digest {}", account, book_.size(), book_.digest());
  return true;
}

std::optional<std::string> account_keeper::stored(std::string_view account) const {
  auto jwt = source_->read(account);
  return jwt && book_.is_in_force(account, *jwt) ? jwt : std::nullopt;
}

// -- cache
// -------------------------------------------------------------------------------------------

/// Those that somebody is connected to, and those that they import from; with `far` also those that
/// somebody wants something of, at other brokers or through an import.
account_keeper::names account_keeper::needed(bool far) const {
  std::vector<account_ptr> next;
  for (const auto& key : book_.accounts())
    if (auto found = registry_.find(key);
        found
        && (found == registry_.system || found->connections > 0 || found->leafnodes > 0
            || (far && registry_.is_wanted(*found))))
      next.push_back(std::move(found));
  names out;
  while (!next.empty()) {
    auto one = std::move(next.back());
    next.pop_back();
    if (!out.insert(one->name).second)
      continue;
    auto policy = one->policy();
    for (const auto& each : policy->rules.imports)
      if (auto exporter = registry_.find(each.account))
        next.push_back(std::move(exporter));
  }
  return out;
}

/// The account that nobody has needed for longest goes; if all are needed, one without connections.
bool account_keeper::make_room() {
  for (bool far : {true, false}) {
    std::string oldest;
    int64_t when = 0;
    auto stay = needed(far);
    for (const auto& key : book_.accounts()) {
      if (stay.contains(key))
        continue;
      auto seen = used_.find(key);
      auto last = seen == used_.end() ? std::numeric_limits<int64_t>::max() : seen->second; // new
      if (oldest.empty() || last < when) {
        oldest = key;
        when = last;
      }
    }
    if (oldest.empty())
      continue;
    used_.erase(oldest);
    return remove(oldest);
  }
  return false;
}

void account_keeper::forget_unused(int64_t now) {
  auto ttl = std::chrono::duration_cast<std::chrono::seconds>(resolver().ttl).count();
  auto stay = needed(true);
  for (const auto& key : book_.accounts()) {
    auto& seen = used_.try_emplace(key, now).first->second;
    if (stay.contains(key))
      seen = now;
    else if (ttl > 0 && now - seen >= ttl)
      remove(key);
  }
  std::erase_if(used_, [&](const auto& one) { return !book_.has(one.first); });
}

} // namespace troupe::actors
