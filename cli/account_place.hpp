// cli/account_place.hpp: where the store of accounts lies, by flags and environment.
#pragma once

#include "cli/problem.hpp"
#include "security/store_editor.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::cli {

/// What was typed.
struct account_place {
  std::string dir;
  std::string store;
  std::string keys;
  std::string owner;
  bool nsc = false;
  bool json = false;
};

/// Adds --dir, --store, --keys, --operator, --nsc and --json to `command`.
void add_place_flags(CLI::App& command, account_place& place);

/// Folder of operators, folder of secrets; without an operator's name yet.
struct store_roots {
  std::string operators;
  std::string keys;
};
/// From --store and --keys, TROUPE_STORE and NKEYS_PATH; else nsc's with --nsc; else what a broker
/// whose configuration lies in --dir (TROUPE_DIR, or here) expects: accounts/nats and accounts.
store_roots roots_of(const account_place& place);

/// The store of an operator that exists: --operator, TROUPE_OPERATOR, or the only one.
outcome find_store(const account_place& place, security::store_layout& out);

/// The same, opened.
outcome open_store(const account_place& place, security::store_use use,
                   std::optional<security::store_editor>& out);

/// One problem that says all of `texts`, one a line; nothing if there are none.
outcome all_of(const std::vector<std::string>& texts, std::string hint = {},
               exit_code code = exit_code::failure);

/// `step` runs when `command` is the chosen one; its outcome becomes `status`.
void run_step(CLI::App& command, int& status, std::function<outcome()> step);

} // namespace troupe::cli
