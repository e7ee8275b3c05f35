// cli/account_show.cpp: `troupe account list` and `show`.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/claims_text.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;

struct show_flags {
  account_place place;
  std::string account, user;
};

std::string count_or_none(int64_t limit) {
  return limit < 0 ? "no limit" : std::to_string(limit);
}

outcome list_accounts(const account_place& place, const store_editor& store) {
  text_table table{{"ACCOUNT", "KEY", "USERS", "CONNS", "EXPORTS", "IMPORTS", "EXPIRES", ""}};
  auto out = nlohmann::json::array();
  std::vector<std::string> problems;
  for (const auto& name : store.accounts()) {
    auto read = store.account(name);
    if (auto* wrong = std::get_if<std::string>(&read)) {
      problems.push_back(*wrong);
      continue;
    }
    const auto& one = std::get<security::account_claims>(read);
    auto users = store.users(name).size();
    bool system = one.standard.subject == store.owner().system_account;
    table.add({name, one.standard.subject, std::to_string(users),
               count_or_none(one.limits.connections), std::to_string(one.exports.size()),
               std::to_string(one.imports.size()), show_moment(one.standard.expires),
               system ? "system" : ""});
    out.push_back({{"account", name},
                   {"key", one.standard.subject},
                   {"users", users},
                   {"exports", one.exports.size()},
                   {"imports", one.imports.size()},
                   {"expires", one.standard.expires},
                   {"system", system}});
  }
  if (place.json)
    fmt::print("{}\n", out.dump(1));
  else
    fmt::print("operator {}, {}\n\n{}", store.layout().operator_name(), store.layout().store,
               table.text());
  return all_of(problems);
}

outcome list_users(const account_place& place, const store_editor& store,
                   const std::string& account) {
  auto found = store.find_account(account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  const auto& [name, claims] = std::get<security::named_account>(found);
  text_table table{{"USER", "KEY", "ROLE", "PUBLISH", "SUBSCRIBE", "EXPIRES"}};
  auto out = nlohmann::json::array();
  std::vector<std::string> problems;
  for (const auto& user : store.users(name)) {
    auto read = store.user(name, user);
    if (auto* wrong = std::get_if<std::string>(&read)) {
      problems.push_back(*wrong);
      continue;
    }
    const auto& one = std::get<security::user_claims>(read);
    auto role = role_of(claims, one);
    const auto& may = one.limits.permissions;
    table.add({user, one.standard.subject, role, short_list(may.publish), short_list(may.subscribe),
               show_moment(one.standard.expires)});
    out.push_back({{"user", user},
                   {"key", one.standard.subject},
                   {"role", role},
                   {"expires", one.standard.expires},
                   {"creds", store.layout().creds_file(name, user)}});
  }
  if (place.json)
    fmt::print("{}\n", out.dump(1));
  else
    fmt::print("{}", table.text());
  return all_of(problems);
}

outcome list(const show_flags& flags) {
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  return flags.account.empty() ? list_accounts(flags.place, *store)
                               : list_users(flags.place, *store, flags.account);
}

outcome print_jwt_of(const std::string& path) {
  std::string why;
  auto text = security::read_store_file(path, why);
  if (!text)
    return problem{path + ": " + why};
  auto described = security::describe_jwt(security::jwt_in(*text));
  if (!described)
    return problem{path + ": is no JWT"};
  fmt::print("{}\n", *described);
  return std::nullopt;
}

outcome show(const show_flags& flags) {
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  auto name_of = [&](const std::string& key) { return store->name_of(key); };
  if (flags.account.empty()) {
    if (flags.place.json)
      return print_jwt_of(store->layout().operator_file());
    fmt::print("{}", text_of(store->owner(), name_of));
    return std::nullopt;
  }
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  const auto& [name, account] = std::get<security::named_account>(found);
  if (flags.user.empty()) {
    if (flags.place.json)
      return print_jwt_of(store->layout().account_file(name));
    fmt::print("{}", text_of(account, name_of));
    return std::nullopt;
  }
  if (flags.place.json)
    return print_jwt_of(store->layout().user_file(name, flags.user));
  auto read = store->user(name, flags.user);
  if (auto* wrong = std::get_if<std::string>(&read))
    return problem{*wrong,
                   fmt::format("account {} has the users: {}", name, joined(store->users(name)))};
  fmt::print("{}", text_of(std::get<security::user_claims>(read), account));
  return std::nullopt;
}

} // namespace

void add_account_show(CLI::App& account, int& status) {
  auto listed = std::make_shared<show_flags>();
  auto* list_command = account.add_subcommand("list", "list accounts, or the users of one");
  list_command->add_option("ACCOUNT", listed->account, "name or public key");
  add_place_flags(*list_command, listed->place);
  run_step(*list_command, status, [listed] { return list(*listed); });

  auto shown = std::make_shared<show_flags>();
  auto* show_command = account.add_subcommand("show", "show an operator, an account or a user");
  show_command->add_option("ACCOUNT", shown->account, "name or public key; none: the operator");
  show_command->add_option("USER", shown->user, "name");
  add_place_flags(*show_command, shown->place);
  run_step(*show_command, status, [shown] { return show(*shown); });
}

} // namespace troupe::cli
