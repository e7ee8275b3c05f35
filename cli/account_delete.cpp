// cli/account_delete.cpp: `troupe account delete`.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;
using texts = std::vector<std::string>;

struct delete_flags {
  account_place place;
  std::string account, what;
  bool secrets = false, force = false;
};

constexpr auto footer = R"(Nothing is asked. Seeds stay unless --secrets is given; creds go.)";

void tell(const delete_flags& flags, const std::string& kind, const std::string& what) {
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"deleted", kind}, {"name", what}}.dump(1));
  else
    fmt::print("deleted: {} {}\n", kind, what);
}

/// Names of accounts that import from this one.
texts importers_of(const store_editor& store, const std::string& key) {
  texts out, ignored;
  for (const auto& one : store.all_accounts(ignored))
    for (const auto& taken : one.imports)
      if (taken.account == key && (out.empty() || out.back() != one.standard.name))
        out.push_back(one.standard.name);
  return out;
}

void remove_secrets_of(const store_editor& store, const security::named_account& account,
                       texts& problems) {
  auto drop = [&](const std::string& key) {
    if (auto wrong = security::remove_from_store(store.layout().seed_file(key)); !wrong.empty())
      problems.push_back(wrong);
  };
  for (const auto& user : store.users(account.name)) {
    auto read = store.user(account.name, user);
    if (auto* one = std::get_if<security::user_claims>(&read))
      drop(one->standard.subject);
  }
  for (const auto& one : account.claims.signing_keys)
    drop(one.key);
  drop(account.claims.standard.subject);
}

outcome delete_account(const delete_flags& flags, store_editor& store,
                       const security::named_account& account) {
  const auto& key = account.claims.standard.subject;
  if (key == store.owner().system_account)
    return problem{fmt::format("{} is the system account; brokers cannot do without", account.name),
                   "`account edit operator --system-account NAME` makes it another one"};
  auto importers = importers_of(store, key);
  if (!importers.empty() && !flags.force)
    return problem{
        fmt::format("account {} is imported from by {}", account.name, joined(importers)),
        "delete those imports first, or give --force"};
  texts problems;
  if (flags.secrets)
    remove_secrets_of(store, account, problems);
  auto folder = std::filesystem::path{store.layout().account_file(account.name)}.parent_path();
  auto creds = std::filesystem::path{store.layout().creds_file(account.name, "x")}.parent_path();
  for (const auto& path : {folder, creds})
    if (auto wrong = security::remove_from_store(path.string()); !wrong.empty())
      problems.push_back(wrong);
  if (problems.empty())
    tell(flags, "account", account.name);
  return all_of(problems);
}

outcome delete_user(const delete_flags& flags, store_editor& store,
                    security::named_account& account) {
  auto read = store.user(account.name, flags.what);
  if (auto* wrong = std::get_if<std::string>(&read))
    return problem{*wrong, fmt::format("account {} has the users: {}", account.name,
                                       joined(store.users(account.name)))};
  const auto& key = std::get<security::user_claims>(read).standard.subject;
  auto now = unix_now();
  // Its JWT may be anywhere; without a revocation it would go on to let in.
  account.claims.revocations[key] = now;
  if (auto wrong = store.save_account(account.name, account.claims, now); !wrong.empty())
    return problem{wrong};
  texts paths{store.layout().user_file(account.name, flags.what),
              store.layout().creds_file(account.name, flags.what)};
  if (flags.secrets)
    paths.push_back(store.layout().seed_file(key));
  texts problems;
  for (const auto& path : paths)
    if (auto wrong = security::remove_from_store(path); !wrong.empty())
      problems.push_back(wrong);
  if (problems.empty())
    tell(flags, "user", account.name + "/" + flags.what + " (and revoked)");
  return all_of(problems);
}

template <class Share>
outcome delete_share(const delete_flags& flags, store_editor& store,
                     security::named_account& account, std::vector<Share>& all, const char* kind) {
  texts there;
  for (const auto& one : all)
    there.push_back(one.subject);
  auto gone = std::erase_if(all, [&](const auto& one) { return one.subject == flags.what; });
  if (gone == 0)
    return problem{fmt::format("account {} has no {} \"{}\"; it has: {}", account.name, kind,
                               flags.what, there.empty() ? "none" : joined(there))};
  if (auto wrong = store.save_account(account.name, account.claims, unix_now()); !wrong.empty())
    return problem{wrong};
  tell(flags, kind, account.name + " " + flags.what);
  return std::nullopt;
}

outcome delete_key(const delete_flags& flags, store_editor& store,
                   security::named_account& account) {
  auto& keys = account.claims.signing_keys;
  std::string seed;
  auto gone = std::erase_if(keys, [&](const auto& one) {
    bool meant = one.key == flags.what || (one.scope && one.scope->role == flags.what);
    if (meant)
      seed = one.key;
    return meant;
  });
  if (gone == 0)
    return problem{
        fmt::format("account {} has no signing key or role \"{}\"", account.name, flags.what),
        "`account show` lists them"};
  if (auto wrong = store.save_account(account.name, account.claims, unix_now()); !wrong.empty())
    return problem{wrong};
  if (flags.secrets)
    if (auto wrong = security::remove_from_store(store.layout().seed_file(seed)); !wrong.empty())
      return problem{wrong};
  tell(flags, "signing key", account.name + " " + flags.what);
  return std::nullopt;
}

enum class victim : uint8_t { account, user, exported, imported, key };

outcome remove(const delete_flags& flags, victim what) {
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& account = std::get<security::named_account>(found);
  switch (what) {
  case victim::account: return delete_account(flags, *store, account);
  case victim::user: return delete_user(flags, *store, account);
  case victim::exported:
    return delete_share(flags, *store, account, account.claims.exports, "export");
  case victim::imported:
    return delete_share(flags, *store, account, account.claims.imports, "import");
  case victim::key: return delete_key(flags, *store, account);
  }
  return std::nullopt;
}

} // namespace

void add_account_delete(CLI::App& account, int& status) {
  auto* family = account.add_subcommand("delete", "delete accounts, users, exports, imports, keys");
  family->require_subcommand(1);
  auto add = [&](const char* name, const char* help, const char* argument, victim what) {
    auto flags = std::make_shared<delete_flags>();
    auto* command = family->add_subcommand(name, help);
    command->add_option("ACCOUNT", flags->account, "name or public key")->required();
    if (argument != nullptr)
      command->add_option(argument, flags->what)->required();
    if (what == victim::account || what == victim::user || what == victim::key)
      command->add_flag("--secrets", flags->secrets, "its seeds too; there is no way back");
    if (what == victim::account)
      command->add_flag("--force", flags->force, "even if others import from it");
    add_place_flags(*command, flags->place);
    command->footer(footer);
    run_step(*command, status, [flags, what] { return remove(*flags, what); });
  };
  add("account", "delete an account with its users", nullptr, victim::account);
  add("user", "delete and revoke a user", "USER", victim::user);
  add("export", "no longer let others import a subject", "SUBJECT", victim::exported);
  add("import", "no longer import a subject", "SUBJECT", victim::imported);
  add("key", "delete a signing key or a role; its users cannot log in any more", "KEY",
      victim::key);
}

} // namespace troupe::cli
