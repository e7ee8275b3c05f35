// cli/account_edit.cpp: `troupe account edit`: changes what is there, and signs it anew.
#include "cli/account_change.hpp"
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/claims_text.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "cli/user_change.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;

struct account_edit {
  account_place place;
  std::string name;
  account_change change;
};

struct user_edit {
  account_place place;
  std::string account, name;
  user_change change;
};

struct operator_edit {
  account_place place;
  std::string system, expires;
  std::optional<bool> strict;
  std::optional<std::string> account_server;
  std::vector<std::string> service_urls;
};

constexpr auto user_footer = R"(Examples:
  troupe account edit user acme app --deny-pub 'admin.>'
  troupe account edit user acme app --rm 'admin.>' --allow-responses 1
  troupe account edit user acme n1 --template server --collective acme,test
Lists grow by what is given, --rm takes out; a template replaces all of them. The creds file is written
anew; brokers follow the JWT that is presented, so hand it to the user.)";

void tell(const account_place& place, const nlohmann::json& what, const std::string& file) {
  if (place.json)
    fmt::print("{}\n", what.dump(1));
  else
    fmt::print("written: {}\n", file);
}

outcome edit_account(const account_edit& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.name);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& [name, claims] = std::get<security::named_account>(found);
  std::vector<std::string> problems;
  apply(flags.change, now, claims, problems);
  if (!problems.empty())
    return all_of(problems);
  if (auto wrong = store->save_account(name, claims, now); !wrong.empty())
    return problem{wrong};
  auto file = store->layout().account_file(name);
  tell(flags.place, {{"account", name}, {"key", claims.standard.subject}, {"file", file}}, file);
  return std::nullopt;
}

outcome edit_user(const user_edit& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  const auto& [account_name, account] = std::get<security::named_account>(found);
  auto read = store->user(account_name, flags.name);
  if (auto* wrong = std::get_if<std::string>(&read))
    return problem{*wrong, fmt::format("account {} has the users: {}", account_name,
                                       joined(store->users(account_name)))};
  auto& claims = std::get<security::user_claims>(read);
  auto role = role_of(account, claims);
  std::vector<std::string> problems;
  if (!role.empty() && !flags.change.is_scoped_safe())
    problems.push_back(fmt::format("user {} has the permissions and limits of the role \"{}\"; "
                                   "it can have none of its own",
                                   flags.name, role));
  else
    apply(flags.change, now, claims, problems);
  if (!problems.empty())
    return all_of(problems);
  if (auto wrong = store->save_user(account, account_name, role, claims, now); !wrong.empty())
    return problem{wrong};
  auto file = store->layout().user_file(account_name, flags.name);
  tell(flags.place, {{"account", account_name}, {"user", flags.name}, {"file", file}}, file);
  return std::nullopt;
}

outcome edit_operator(const operator_edit& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto claims = store->owner();
  std::vector<std::string> problems;
  if (!flags.system.empty()) {
    auto found = store->find_account(flags.system);
    if (auto* wrong = std::get_if<std::string>(&found))
      problems.push_back(*wrong);
    else
      claims.system_account = std::get<security::named_account>(found).claims.standard.subject;
  }
  if (flags.strict)
    claims.strict_signing_keys = *flags.strict;
  if (claims.strict_signing_keys && claims.signing_keys.empty())
    problems.push_back(fmt::format("operator {} has no signing key, so --strict would let nobody "
                                   "sign; `account rotate operator` makes one",
                                   store->layout().operator_name()));
  if (flags.account_server)
    claims.account_server_url = *flags.account_server;
  if (!flags.service_urls.empty())
    claims.service_urls = flags.service_urls;
  apply_expiry(flags.expires, now, claims.standard.expires, problems);
  if (!problems.empty())
    return all_of(problems);
  if (auto wrong = store->save_operator(std::move(claims), now); !wrong.empty())
    return problem{wrong};
  auto file = store->layout().operator_file();
  tell(flags.place, {{"operator", store->layout().operator_name()}, {"file", file}}, file);
  return std::nullopt;
}

void add_edit_operator(CLI::App& family, int& status) {
  auto flags = std::make_shared<operator_edit>();
  auto* command = family.add_subcommand("operator", "change the operator");
  command->add_option("--system-account", flags->system, "name or key of the system account")
      ->type_name("NAME");
  command->add_option("--strict", flags->strict, "only signing keys may sign, no identity key")
      ->type_name("BOOL");
  command->add_option("--account-server-url", flags->account_server, "where accounts are pushed to")
      ->type_name("URL");
  command->add_option("--service-url", flags->service_urls, "where its brokers are; replaces all")
      ->delimiter(',')
      ->type_name("URL")
      ->allow_extra_args(false);
  command->add_option("--expires", flags->expires, "90d, 2027-01-31, or never")->type_name("WHEN");
  add_place_flags(*command, flags->place);
  run_step(*command, status, [flags] { return edit_operator(*flags); });
}

} // namespace

void add_account_edit(CLI::App& account, int& status) {
  auto* family =
      account.add_subcommand("edit", "change an account, a user, a role or the operator");
  family->require_subcommand(1);
  add_edit_operator(*family, status);

  auto one = std::make_shared<account_edit>();
  auto* edit_one = family->add_subcommand("account", "change an account");
  edit_one->add_option("NAME", one->name, "name or public key")->required();
  add_account_flags(*edit_one, one->change);
  add_place_flags(*edit_one, one->place);
  run_step(*edit_one, status, [one] { return edit_account(*one); });

  auto user = std::make_shared<user_edit>();
  auto* edit_him = family->add_subcommand("user", "change a user");
  edit_him->add_option("ACCOUNT", user->account, "name or public key of its account")->required();
  edit_him->add_option("NAME", user->name, "its name")->required();
  add_user_flags(*edit_him, user->change);
  add_place_flags(*edit_him, user->place);
  edit_him->footer(user_footer);
  run_step(*edit_him, status, [user] { return edit_user(*user); });

  add_role_command(*family, status, false);
}

} // namespace troupe::cli
