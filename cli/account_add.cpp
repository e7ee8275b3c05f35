// cli/account_add.cpp: `troupe account add account` and `add user`.
#include "cli/account_change.hpp"
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

struct new_account {
  account_place place;
  std::string name;
  account_change change;
  bool no_signing_key = false;
};

struct new_user {
  account_place place;
  std::string account, name, role, public_key;
  user_change change;
};

constexpr auto account_footer = R"(Examples:
  troupe account add account acme --conns 1000 --payload 1MB
  troupe account add account guests --allow-pub 'guest.>' --allow-sub 'guest.>,_INBOX.>'
Permissions here are those of its users that have none of their own.)";

constexpr auto user_footer = R"(Examples:
  troupe account add user acme app
  troupe account add user acme n1 --template server --collective acme --identity n1.example.net
  troupe account add user acme ann --template client --caller choria=ann.mcollective
  troupe account add user acme reader --deny-pub '>' --allow-sub 'orders.>' --expires 90d
  troupe account add user acme gate --conn-type leafnode --source-network 192.0.2.0/24)";

outcome add_account(const new_account& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  std::vector<std::string> problems;
  if (auto fault = security::why_no_store_name(flags.name); !fault.empty())
    problems.push_back(fmt::format("account \"{}\": {}", flags.name, fault));
  auto all = store->accounts();
  if (std::binary_search(all.begin(), all.end(), flags.name))
    problems.push_back(fmt::format("operator {} has an account {} already; `account edit account` "
                                   "changes it",
                                   store->layout().operator_name(), flags.name));
  security::account_claims claims;
  claims.standard.name = flags.name;
  claims.limits = security::account_limit_claims::unlimited();
  apply(flags.change, now, claims, problems);
  if (auto signer = store->key_for_accounts(); auto* wrong = std::get_if<std::string>(&signer))
    problems.push_back(*wrong);
  if (!problems.empty())
    return all_of(problems);
  auto identity = store->new_key(security::nkey_kind::account);
  if (auto* wrong = std::get_if<std::string>(&identity))
    return problem{*wrong};
  claims.standard.subject = std::get<security::key_pair>(identity).public_text();
  if (!flags.no_signing_key) {
    auto signing = store->new_key(security::nkey_kind::account);
    if (auto* wrong = std::get_if<std::string>(&signing))
      return problem{*wrong};
    claims.signing_keys = {{std::get<security::key_pair>(signing).public_text(), {}}};
  }
  if (auto wrong = store->save_account(flags.name, claims, now); !wrong.empty())
    return problem{wrong};
  auto file = store->layout().account_file(flags.name);
  if (flags.place.json)
    fmt::print(
        "{}\n",
        nlohmann::json{{"account", flags.name}, {"key", claims.standard.subject}, {"file", file}}
            .dump(1));
  else
    fmt::print("account {} {}\n{}\n", flags.name, claims.standard.subject, file);
  return std::nullopt;
}

/// The user's key: given, or made with its seed.
std::string give_key(const new_user& flags, store_editor& store, std::string& key) {
  key = flags.public_key;
  if (!key.empty())
    return {};
  auto pair = store.new_key(security::nkey_kind::user);
  if (auto* wrong = std::get_if<std::string>(&pair))
    return *wrong;
  key = std::get<security::key_pair>(pair).public_text();
  return {};
}

std::vector<std::string> faults_of(const new_user& flags, const store_editor& store,
                                   const std::string& account_name) {
  std::vector<std::string> out;
  if (auto fault = security::why_no_store_name(flags.name); !fault.empty())
    out.push_back(fmt::format("user \"{}\": {}", flags.name, fault));
  auto all = store.users(account_name);
  if (std::binary_search(all.begin(), all.end(), flags.name))
    out.push_back(fmt::format("account {} has a user {} already; `account edit user` changes it",
                              account_name, flags.name));
  if (!flags.public_key.empty()
      && !security::is_public_nkey(flags.public_key, security::nkey_kind::user))
    out.push_back(fmt::format("--public-key \"{}\" is no public user key (U…)", flags.public_key));
  if (!flags.role.empty() && !flags.change.is_scoped_safe())
    out.push_back(fmt::format("a user of the role \"{}\" has what the role has, and no permissions "
                              "or limits of its own: leave those flags out",
                              flags.role));
  return out;
}

outcome add_user(const new_user& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  const auto& [account_name, account] = std::get<security::named_account>(found);
  auto problems = faults_of(flags, *store, account_name);
  security::user_claims claims;
  claims.standard.name = flags.name;
  if (flags.role.empty())
    claims.limits = security::user_limits::unlimited();
  apply(flags.change, now, claims, problems);
  auto signer = store->key_for_users(account, flags.role);
  if (auto* wrong = std::get_if<std::string>(&signer))
    problems.push_back(*wrong);
  if (!problems.empty())
    return all_of(problems);
  if (auto wrong = give_key(flags, *store, claims.standard.subject); !wrong.empty())
    return problem{wrong};
  if (auto wrong = store->save_user(account, account_name, flags.role, claims, now); !wrong.empty())
    return problem{wrong};
  auto creds = flags.public_key.empty() ? store->layout().creds_file(account_name, flags.name)
                                        : std::string{};
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"account", account_name},
                                      {"user", flags.name},
                                      {"key", claims.standard.subject},
                                      {"file", store->layout().user_file(account_name, flags.name)},
                                      {"creds", creds}}
                           .dump(1));
  else
    fmt::print("user {} of account {} {}\n{}\n", flags.name, account_name, claims.standard.subject,
               creds.empty() ? store->layout().user_file(account_name, flags.name) : creds);
  return std::nullopt;
}

} // namespace

void add_account_add(CLI::App& account, int& status) {
  auto* family = account.add_subcommand("add", "add an account, a user or a role");
  family->require_subcommand(1);
  auto one = std::make_shared<new_account>();
  auto* add_one = family->add_subcommand("account", "add an account");
  add_one->add_option("NAME", one->name, "its name")->required();
  add_one->add_flag("--no-signing-key", one->no_signing_key,
                    "without a key of its own for signing users: its identity key signs");
  add_account_flags(*add_one, one->change);
  add_place_flags(*add_one, one->place);
  add_one->footer(account_footer);
  run_step(*add_one, status, [one] { return add_account(*one); });

  auto user = std::make_shared<new_user>();
  auto* add_him = family->add_subcommand("user", "add a user with creds");
  add_him->add_option("ACCOUNT", user->account, "name or public key of its account")->required();
  add_him->add_option("NAME", user->name, "its name")->required();
  add_him->add_option("--role", user->role, "sign with the account's key of this role")
      ->type_name("ROLE");
  add_him
      ->add_option("--public-key", user->public_key,
                   "of somebody who keeps the seed; then there are no creds")
      ->type_name("KEY");
  add_user_flags(*add_him, user->change);
  add_place_flags(*add_him, user->place);
  add_him->footer(user_footer);
  run_step(*add_him, status, [user] { return add_user(*user); });

  add_role_command(*family, status, true);
}

} // namespace troupe::cli
