// actors/account_keeper.hpp: brings the accounts of a source into force and keeps them up to date.
#pragma once

#include "actors/account_book.hpp"
#include "actors/operator_mode.hpp"

#include <cstdint>

namespace troupe::actors {

/// For one thread; blocks on the disk. What it cannot use is an error line and touches nobody else.
class account_keeper {
public:
  account_keeper(account_registry& registry, current_operators& operators, operator_setup setup);

  /// Takes all accounts there are, before anybody connects.
  void load(int64_t now);
  /// After a reload: the accounts that the configuration names.
  void preload(const std::map<std::string, std::string>& accounts, int64_t now);

  const account_book& book() const noexcept { return book_; }

private:
  account_book::entry take(const sourced_account& one, int64_t now);
  void look(int64_t now);

  account_registry& registry_;
  account_book book_;
  std::unique_ptr<account_source> source_;
};

} // namespace troupe::actors
