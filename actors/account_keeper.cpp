// actors/account_keeper.cpp: what a source says, judged and told to the registry.
#include "actors/account_keeper.hpp"

#include "actors/account_policy.hpp"
#include "actors/log.hpp"

namespace troupe::actors {

account_keeper::account_keeper(account_registry& registry, current_operators& operators,
                               operator_setup setup)
    : registry_{registry}, book_{registry, operators}, source_{std::move(setup.source)} {
  operators.follow(std::move(setup.trust));
  for (const auto& warning : setup.warnings)
    log::warn("{}", warning);
}

account_book::entry account_keeper::take(const sourced_account& one, int64_t now) {
  auto entry = book_.take(one.jwt, one.account, now);
  if (entry.what == account_book::entry::result::not_right)
    log::error("{}: account {} is not served: {}", one.where, log::printable(one.account, 64),
               log::printable(entry.reason, 1024));
  return entry;
}

/// What changed since the last look.
void account_keeper::look(int64_t now) {
  auto news = source_->look();
  for (const auto& problem : news.problems)
    log::error("{}", log::printable(problem, 1024));
  for (const auto& one : news.changed) {
    auto entry = take(one, now);
    if (entry.what == account_book::entry::result::taken)
      log::info("Account {} is updated from {}", entry.account, one.where);
    for (const auto& problem : entry.problems)
      log::warn("{}", log::printable(problem, 1024));
  }
  for (const auto& key : news.removed)
    if (book_.drop(key))
      log::info("Account {} is removed", key);
}

void account_keeper::preload(const std::map<std::string, std::string>& accounts, int64_t now) {
  source_->preload(accounts);
  look(now);
}

void account_keeper::load(int64_t now) {
  auto news = source_->look();
  for (const auto& problem : news.problems)
    log::error("{}", log::printable(problem, 1024));
  for (const auto& one : news.changed)
    take(one, now);
  // Only now is it known which imports find their exporters.
  for (const auto& key : book_.accounts())
    for (const auto& problem : problems_of(*registry_.find(key)->policy()))
      log::warn("{}", log::printable(problem, 1024));
  if (!book_.has(registry_.system->name))
    log::warn("The system account {} is not among the accounts: nobody can log in to it",
              registry_.system->name);
  log::info("Serving {} accounts of operators, digest {}", book_.size(), book_.digest());
}

} // namespace troupe::actors
