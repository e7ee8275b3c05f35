// actors/account_keeper.hpp: brings the accounts of a source into force and keeps them up to date.
#pragma once

#include "actors/account_book.hpp"
#include "actors/folder_watch.hpp"
#include "actors/operator_mode.hpp"
#include "config/options.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace troupe::actors {

/// For one thread, and blocks on the disk. What it cannot use is an error line and touches nobody
/// else. Times are Unix seconds.
class account_keeper {
public:
  account_keeper(account_registry& registry, current_operators& operators, operator_setup setup,
                 config::options options);

  /// Takes all accounts there are, before anybody connects.
  void load(int64_t now);
  /// A few times a second: files that changed, JWTs that expired or became valid.
  void tick(int64_t now);
  /// The part of tick() that ends what has expired, and takes it out of its folder.
  void let_expire(int64_t now);
  /// After a reload: the accounts that the configuration names, and whatever lies in the folders.
  void reload(const config::options& options, int64_t now);

  /// Is the account there, and its JWT valid?
  bool serves(std::string_view account, int64_t now) const;
  /// Looks for it where that is quick; at most once a second on the disk.
  bool find_here(std::string_view account, int64_t now);
  /// Accounts that this one imports from, and that are not here. They are to be searched for: only
  /// when they are here the imports are in force.
  std::vector<std::string> missing_exporters(const std::string& account) const;
  /// The same for all accounts that are here; in order, each once.
  std::vector<std::string> missing_exporters() const;
  /// A JWT from elsewhere that is for good, or until the next start where nothing is stored.
  account_book::entry accept(std::string_view jwt, std::string_view account,
                             const std::string& from, int64_t now);
  /// False: there is no such account, or it must stay. Its file goes, too.
  bool remove(std::string_view account);
  /// The JWT that is in force, from the folder.
  std::optional<std::string> stored(std::string_view account) const;

  const account_book& book() const noexcept { return book_; }
  const account_source& source() const noexcept { return *source_; }
  const config::resolver& resolver() const noexcept { return options_.operators.resolver; }
  const std::optional<security::tls_settings>& resolver_tls() const noexcept {
    return options_.operators.resolver_tls;
  }
  operator_trust_ptr operators() const { return operators_.now(); }
  const account_ptr& system() const noexcept { return registry_.system; }

private:
  account_book::entry take(const sourced_account& one, int64_t now);
  void look(int64_t now);
  bool follow_operator(const std::string& jwt, int64_t now);
  void take_those_valid_now(int64_t now);
  void store_preload(int64_t now);
  void note_digest();
  void tell(const account_book::entry& entry, const std::string& from) const;
  std::string keep(const std::string& account, std::string_view jwt);
  using names = std::unordered_set<std::string>;
  names needed(bool far) const;
  bool make_room();
  void forget_unused(int64_t now);

  account_registry& registry_;
  current_operators& operators_;
  config::options options_;
  account_book book_;
  std::unique_ptr<account_source> source_;
  folder_watch watch_;
  struct early {
    int64_t valid_at;
    sourced_account what;
  };
  std::map<std::string, early> not_yet_valid_;               ///< by account
  int64_t next_valid_ = std::numeric_limits<int64_t>::max(); ///< the first of these, or earlier
  std::map<std::string, int64_t> used_; ///< cache: when an account was last seen to be needed
  security::sha256_digest noted_{};     ///< by note_digest()
  int64_t next_scan_ = 0, next_sweep_ = 0, last_search_ = 0;
};

} // namespace troupe::actors
