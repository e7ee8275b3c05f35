// cli/account_roles.cpp: `troupe account add role` and `edit role`: scoped signing keys.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/moment.hpp"
#include "cli/user_change.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;

struct role_flags {
  account_place place;
  std::string account, role;
  user_change change;
};

constexpr auto footer =
    R"(A role is a signing key with permissions: its users have these, and none of their own.
Subjects may hold {{name()}}, {{subject()}}, {{tag(x)}}, {{account-name()}}, {{account-tag(x)}}.
Examples:
  troupe account add role acme node --allow-sub 'acme.node.{{name()}}' --allow-pub 'acme.reply.>'
  troupe account add user acme n1 --role node)";

outcome change_role(const role_flags& flags, bool make) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& [name, claims] = std::get<security::named_account>(found);
  auto& keys = claims.signing_keys;
  auto at = std::find_if(keys.begin(), keys.end(), [&](const auto& one) {
    return one.scope && one.scope->role == flags.role;
  });
  std::vector<std::string> problems;
  if (flags.role.empty())
    problems.emplace_back("a role has a name");
  if (make && at != keys.end())
    problems.push_back(fmt::format("account {} has the role \"{}\" already; `account edit role` "
                                   "changes it",
                                   name, flags.role));
  if (!make && at == keys.end())
    problems.push_back(fmt::format("account {} has no role \"{}\"", name, flags.role));
  // The template is changed as a user's limits are; the rest of these claims goes nowhere.
  security::user_claims stencil;
  stencil.limits = at == keys.end() ? security::user_limits::unlimited() : at->scope->limits;
  if (!flags.change.expires.empty() || !flags.change.tags.empty()
      || !flags.change.remove_tags.empty())
    problems.emplace_back("--expires, --tag and --rm-tag are each user's own, not a role's");
  apply(flags.change, now, stencil, problems);
  if (!problems.empty())
    return all_of(problems);
  std::string key;
  if (at == keys.end()) {
    auto made = store->new_key(security::nkey_kind::account);
    if (auto* wrong = std::get_if<std::string>(&made))
      return problem{*wrong};
    key = std::get<security::key_pair>(made).public_text();
    keys.push_back({key, security::user_scope{flags.role, {}, stencil.limits, {}, {}}});
  } else {
    key = at->key;
    at->scope->limits = stencil.limits;
  }
  if (auto wrong = store->save_account(name, claims, now); !wrong.empty())
    return problem{wrong};
  if (flags.place.json)
    fmt::print("{}\n",
               nlohmann::json{{"account", name}, {"role", flags.role}, {"key", key}}.dump(1));
  else
    fmt::print("role {} of account {}: {}\n", flags.role, name, key);
  return std::nullopt;
}

} // namespace

void add_role_command(CLI::App& family, int& status, bool make) {
  auto flags = std::make_shared<role_flags>();
  auto* command = family.add_subcommand("role", make ? "add a role: a key that signs users with it"
                                                     : "change what the users of a role may do");
  command->add_option("ACCOUNT", flags->account, "name or public key")->required();
  command->add_option("ROLE", flags->role, "its name")->required();
  add_user_flags(*command, flags->change);
  add_place_flags(*command, flags->place);
  command->footer(footer);
  run_step(*command, status, [flags, make] { return change_role(*flags, make); });
}

} // namespace troupe::cli
