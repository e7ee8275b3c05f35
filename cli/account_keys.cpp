// cli/account_keys.cpp: `troupe account revoke` and `rotate`.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "security/jwt.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {
namespace {

using security::store_editor;
using texts = std::vector<std::string>;

struct revoke_flags {
  account_place place;
  std::string account, whom, subject, at = "0s";
  bool undo = false;
};

struct rotate_flags {
  account_place place;
  std::string what, role;
  bool keep_old = false;
};

constexpr auto revoke_footer = R"(Examples:
  troupe account revoke acme app                            what app holds now is worth nothing
  troupe account revoke acme '*'                            all users: hand out new creds after it
  troupe account revoke acme guests --export 'quote.*'      activations that guests has
JWTs issued up to --at count as revoked; later ones do not, so `account edit user`, a second later, lets the
user in again. Brokers must learn of it: by their store, or `account push`.)";

constexpr auto rotate_footer = R"(Examples:
  troupe account rotate acme                  a new signing key; what the old one signed is signed anew
  troupe account rotate acme --keep-old       creds that are out there stay good meanwhile
  troupe account rotate acme --role reader    the key of a role
  troupe account rotate operator              accounts are signed anew; brokers need the new operator JWT)";

/// Key that is written into a list of revocations.
std::string key_to_revoke(const revoke_flags& flags, const store_editor& store,
                          const std::string& account_name, texts& problems) {
  auto kind = flags.subject.empty() ? security::nkey_kind::user : security::nkey_kind::account;
  if (flags.whom == "*" || security::is_public_nkey(flags.whom, kind))
    return flags.whom;
  if (flags.subject.empty()) {
    auto user = store.user(account_name, flags.whom);
    if (auto* found = std::get_if<security::user_claims>(&user))
      return found->standard.subject;
    problems.push_back(fmt::format("account {} has no user \"{}\"; give its public key (U…), * or "
                                   "one of: {}",
                                   account_name, flags.whom, joined(store.users(account_name))));
    return {};
  }
  auto found = store.find_account(flags.whom);
  if (auto* one = std::get_if<security::named_account>(&found))
    return one->claims.standard.subject;
  problems.push_back(std::get<std::string>(found) + "; or give its public key (A…) or *");
  return {};
}

std::map<std::string, int64_t>* revocations_of(const revoke_flags& flags,
                                               security::named_account& account, texts& problems) {
  if (flags.subject.empty())
    return &account.claims.revocations;
  texts offered;
  for (auto& one : account.claims.exports) {
    if (one.subject == flags.subject)
      return &one.revocations;
    offered.push_back(one.subject);
  }
  problems.push_back(fmt::format("account {} has no export \"{}\"; it exports: {}", account.name,
                                 flags.subject, joined(offered)));
  return nullptr;
}

outcome revoke(const revoke_flags& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& account = std::get<security::named_account>(found);
  texts problems;
  auto key = key_to_revoke(flags, *store, account.name, problems);
  auto* list = revocations_of(flags, account, problems);
  auto moment = parse_moment(flags.at, now);
  if (!moment || *moment == 0)
    problems.push_back(fmt::format("--at \"{}\" is no time: write 2027-01-31", flags.at));
  if (flags.undo && list != nullptr && !key.empty() && !list->contains(key))
    problems.push_back(fmt::format("{} is not revoked there", key));
  if (!problems.empty())
    return all_of(problems);
  if (flags.undo)
    list->erase(key);
  else
    (*list)[key] = *moment;
  if (auto wrong = store->save_account(account.name, account.claims, now); !wrong.empty())
    return problem{wrong};
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"account", account.name},
                                      {"revoked", key},
                                      {"until", flags.undo ? 0 : *moment}}
                           .dump(1));
  else if (flags.undo)
    fmt::print("no longer revoked in {}: {}\n", account.name, key);
  else
    fmt::print("revoked in {}: {}, as issued up to {}\n", account.name, key, show_moment(*moment));
  return std::nullopt;
}

/// Signs every account anew. What cannot be read is left alone and told.
void sign_accounts(store_editor& store, int64_t now, texts& problems, size_t& count) {
  for (const auto& name : store.accounts()) {
    auto read = store.account(name);
    if (auto* wrong = std::get_if<std::string>(&read)) {
      problems.push_back(*wrong);
      continue;
    }
    auto& claims = std::get<security::account_claims>(read);
    if (auto wrong = store.save_account(name, claims, now); !wrong.empty())
      problems.push_back(wrong);
    else
      ++count;
  }
}

outcome rotate_operator(const rotate_flags& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto made = store->new_key(security::nkey_kind::operator_key);
  if (auto* wrong = std::get_if<std::string>(&made))
    return problem{*wrong};
  auto fresh = std::get<security::key_pair>(made).public_text();
  auto old = store->owner().signing_keys;
  // Both are good until every account carries the new signature.
  auto owner = store->owner();
  owner.signing_keys.insert(owner.signing_keys.begin(), fresh);
  if (auto wrong = store->save_operator(owner, now); !wrong.empty())
    return problem{wrong};
  texts problems;
  size_t count = 0;
  sign_accounts(*store, now, problems, count);
  if (!problems.empty())
    return all_of(problems, "the old signing keys stay, so that nothing is lost; rotate again");
  if (!flags.keep_old) {
    owner = store->owner();
    owner.signing_keys = {fresh};
    if (auto wrong = store->save_operator(owner, now); !wrong.empty())
      return problem{wrong};
  }
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"operator", store->layout().operator_name()},
                                      {"signing_key", fresh},
                                      {"accounts", count},
                                      {"old", old}}
                           .dump(1));
  else
    fmt::print("operator {} signs with {}; {} accounts are signed anew\n",
               store->layout().operator_name(), fresh, count);
  return std::nullopt;
}

bool is_of_role(const security::signing_key& one, const std::string& role) {
  return one.scope ? !role.empty() && one.scope->role == role : role.empty();
}

/// Signs the users of `old` keys anew; `count` of them.
texts sign_users(store_editor& store, const security::named_account& account,
                 const rotate_flags& flags, const texts& old, size_t& count) {
  texts problems;
  auto now = unix_now();
  for (const auto& name : store.users(account.name)) {
    auto read = store.user(account.name, name);
    if (auto* wrong = std::get_if<std::string>(&read)) {
      problems.push_back(*wrong);
      continue;
    }
    auto& user = std::get<security::user_claims>(read);
    if (std::find(old.begin(), old.end(), user.standard.issuer) == old.end())
      continue;
    if (auto wrong = store.save_user(account.claims, account.name, flags.role, user, now);
        !wrong.empty())
      problems.push_back(wrong);
    else
      ++count;
  }
  return problems;
}

/// Activations by `old` keys that accounts of this store import with, signed anew; `count` of them.
texts renew_activations(store_editor& store, const security::named_account& exporter,
                        const texts& old, size_t& count) {
  texts problems;
  auto now = unix_now();
  for (const auto& name : store.accounts()) {
    auto read = store.account(name);
    auto* importer = std::get_if<security::account_claims>(&read);
    if (importer == nullptr)
      continue; // rotating this account does not make it worse
    bool changed = false;
    for (auto& one : importer->imports) {
      auto token = security::decode_activation_jwt(one.token);
      auto* said = std::get_if<security::activation_claims>(&token);
      if (said == nullptr || one.account != exporter.claims.standard.subject
          || std::find(old.begin(), old.end(), said->standard.issuer) == old.end())
        continue;
      auto made = store.sign_activation(exporter.claims, *said, now);
      if (auto* wrong = std::get_if<std::string>(&made)) {
        problems.push_back(*wrong);
        continue;
      }
      one.token = std::get<security::signed_activation>(made).jwt;
      changed = true;
      ++count;
    }
    if (changed)
      if (auto wrong = store.save_account(name, *importer, now); !wrong.empty())
        problems.push_back(wrong);
  }
  return problems;
}

outcome rotate_account(const rotate_flags& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.what);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong, "`rotate operator` is for the operator's own signing key"};
  auto& account = std::get<security::named_account>(found);
  auto& keys = account.claims.signing_keys;
  texts old;
  std::optional<security::user_scope> scope;
  for (const auto& one : keys)
    if (is_of_role(one, flags.role)) {
      old.push_back(one.key);
      scope = one.scope;
    }
  if (!flags.role.empty() && old.empty())
    return problem{fmt::format("account {} has no role \"{}\"", account.name, flags.role),
                   "`account show` lists them; `account add role` makes one"};
  auto made = store->new_key(security::nkey_kind::account);
  if (auto* wrong = std::get_if<std::string>(&made))
    return problem{*wrong};
  auto fresh = std::get<security::key_pair>(made).public_text();
  keys.insert(keys.begin(), {fresh, scope});
  if (auto wrong = store->save_account(account.name, account.claims, now); !wrong.empty())
    return problem{wrong};
  size_t count = 0, tokens = 0;
  auto problems = sign_users(*store, account, flags, old, count);
  for (auto& one : renew_activations(*store, account, old, tokens))
    problems.push_back(std::move(one));
  if (!problems.empty())
    return all_of(problems, "the old signing key stays, so that nothing is lost; rotate again");
  if (!flags.keep_old && !old.empty()) {
    std::erase_if(keys, [&](const auto& one) {
      return std::find(old.begin(), old.end(), one.key) != old.end();
    });
    if (auto wrong = store->save_account(account.name, account.claims, now); !wrong.empty())
      return problem{wrong};
  }
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"account", account.name},
                                      {"signing_key", fresh},
                                      {"users", count},
                                      {"activations", tokens},
                                      {"old", old}}
                           .dump(1));
  else
    fmt::print("account {} signs with {}; signed anew: {} users (hand out their creds), {} "
               "activations in this store\n",
               account.name, fresh, count, tokens);
  return std::nullopt;
}

} // namespace

void add_account_keys(CLI::App& account, int& status) {
  auto revoked = std::make_shared<revoke_flags>();
  auto* revoke_command = account.add_subcommand("revoke", "make JWTs that are out there worthless");
  revoke_command->add_option("ACCOUNT", revoked->account, "name or public key")->required();
  revoke_command
      ->add_option("WHOM", revoked->whom, "user, or with --export account: name, public key or *")
      ->required();
  revoke_command->add_option("--export", revoked->subject, "activations of this export instead")
      ->type_name("SUBJECT");
  revoke_command->add_option("--at", revoked->at, "JWTs issued up to then (default: now)")
      ->type_name("WHEN");
  revoke_command->add_flag("--undo", revoked->undo, "take the revocation back");
  add_place_flags(*revoke_command, revoked->place);
  revoke_command->footer(revoke_footer);
  run_step(*revoke_command, status, [revoked] { return revoke(*revoked); });

  auto rotated = std::make_shared<rotate_flags>();
  auto* rotate_command = account.add_subcommand("rotate", "replace a signing key");
  rotate_command->add_option("WHAT", rotated->what, "operator, or name or key of an account")
      ->required();
  rotate_command->add_option("--role", rotated->role, "the key of this role")->type_name("ROLE");
  rotate_command->add_flag("--keep-old", rotated->keep_old, "the old key stays good");
  add_place_flags(*rotate_command, rotated->place);
  rotate_command->footer(rotate_footer);
  run_step(*rotate_command, status, [rotated] {
    return rotated->what == "operator" ? rotate_operator(*rotated) : rotate_account(*rotated);
  });
}

} // namespace troupe::cli
