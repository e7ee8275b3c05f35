// cli/account_import.cpp: `troupe account import`.
#include "cli/account_commands.hpp"
#include "cli/account_share.hpp"
#include "cli/moment.hpp"
#include "security/creds_file.hpp"
#include "security/jwt.hpp"
#include "security/store_sharing.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {
namespace {

using security::share_kind;
using security::store_editor;
using texts = std::vector<std::string>;

struct import_flags : share_flags {
  std::string exporter, local, prefix, token;
  bool share = false;
};

constexpr auto import_footer = R"(Examples:
  troupe account import guests 'prices.>' --from acme --prefix acme
  troupe account import guests quote.gold --from acme --to gold.price
A private export of this store is activated on the way; --token brings an activation from elsewhere.)";

/// Where the import comes from; the kind and the token if they can be known.
struct import_source {
  std::string key;
  std::optional<share_kind> kind;
  std::string token;
};

void read_token(const import_flags& flags, import_source& to, texts& problems) {
  if (flags.token.empty())
    return;
  std::string why;
  auto text = security::read_store_file(flags.token, why);
  auto jwt = text ? security::jwt_in(*text) : std::string{};
  auto read = security::decode_activation_jwt(jwt);
  if (auto* error = std::get_if<security::jwt_error>(&read)) {
    problems.push_back(fmt::format("--token {}: {}", flags.token, text ? error->reason : why));
    return;
  }
  to.token = jwt;
  to.kind = std::get<security::activation_claims>(read).kind;
}

import_source source_of(const import_flags& flags, const store_editor& store,
                        const std::string& importer_key, texts& problems) {
  import_source out{{}, kind_of(flags), {}};
  read_token(flags, out, problems);
  auto found = store.find_account(flags.exporter);
  if (std::holds_alternative<std::string>(found)) {
    out.key = flags.exporter;
    if (!security::is_public_nkey(flags.exporter, security::nkey_kind::account))
      problems.push_back(std::get<std::string>(found) + "; or give its public key");
    else if (!out.kind)
      problems.push_back(fmt::format("account {} is not in this store: say --stream or --service",
                                     flags.exporter));
    return out;
  }
  const auto& exporter = std::get<security::named_account>(found);
  out.key = exporter.claims.standard.subject;
  const auto* offer = find_offer(exporter, flags, problems);
  if (offer == nullptr)
    return out;
  out.kind = offer->kind;
  if (!offer->token_required || !out.token.empty())
    return out;
  security::activation_claims token;
  token.standard.subject = importer_key;
  token.standard.name = token.subject = flags.subject;
  token.kind = offer->kind;
  auto made = store.sign_activation(exporter.claims, token, unix_now());
  if (auto* wrong = std::get_if<std::string>(&made))
    problems.push_back(fmt::format("{} is private, and {}; --token FILE brings an activation",
                                   flags.subject, *wrong));
  else
    out.token = std::get<security::signed_activation>(made).jwt;
  return out;
}

/// Why a broker would refuse this import; empty: it would not, as far as this store knows.
std::string refusal_of(const store_editor& store, const security::account_claims& importer,
                       const security::import_claim& claim) {
  texts ignored;
  auto all = store.all_accounts(ignored);
  bool known = false;
  for (auto& one : all) {
    known = known || one.standard.subject == claim.account;
    if (one.standard.subject == importer.standard.subject)
      one = importer;
  }
  if (!known)
    return {};
  auto shared = security::share_all(all, store.owner().strict_signing_keys, unix_now());
  auto result = shared.find(importer.standard.subject);
  for (const auto& refused : result->refused_imports)
    if (refused.index + 1 == importer.imports.size())
      return refused.reason;
  return {};
}

outcome add_import(const import_flags& flags) {
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& [name, claims] = std::get<security::named_account>(found);
  texts problems;
  if (!flags.local.empty() && !flags.prefix.empty())
    problems.push_back("--to and --prefix exclude each other");
  auto source = source_of(flags, *store, claims.standard.subject, problems);
  if (!problems.empty())
    return all_of(problems);
  security::import_claim claim;
  claim.kind = source.kind;
  claim.account = source.key;
  claim.subject = flags.subject;
  claim.token = source.token;
  claim.name = flags.name.empty() ? flags.subject : flags.name;
  claim.local_subject = !flags.prefix.empty() ? flags.prefix + "." + flags.subject : flags.local;
  claim.share = flags.share;
  claim.allow_trace = flags.allow_trace;
  auto was = claims.imports.size();
  std::erase_if(claims.imports, [&](const auto& one) {
    return one.account == claim.account && one.kind == claim.kind && one.subject == claim.subject
           && one.local_subject == claim.local_subject;
  });
  bool again = claims.imports.size() != was;
  claims.imports.push_back(claim);
  if (auto reason = refusal_of(*store, claims, claim); !reason.empty())
    return problem{reason, "nothing was written"};
  if (auto wrong = store->save_account(name, claims, unix_now()); !wrong.empty())
    return problem{wrong};
  auto local = claim.local_subject.empty() ? claim.subject : claim.local_subject;
  if (flags.place.json)
    fmt::print("{}\n", nlohmann::json{{"account", name},
                                      {"import", claim.subject},
                                      {"from", claim.account},
                                      {"as", local}}
                           .dump(1));
  else
    fmt::print("account {} imports the {} {} from {} as {}{}\n", name, said(*claim.kind),
               claim.subject, flags.exporter, local, again ? " (as before)" : "");
  return std::nullopt;
}

} // namespace

void add_account_import(CLI::App& account, int& status) {
  auto taken = std::make_shared<import_flags>();
  auto* import_command = account.add_subcommand("import", "take what another account exports");
  add_share_flags(*import_command, *taken, "name or public key of the importer",
                  "as the exporter calls it");
  import_command->add_option("--from", taken->exporter, "name or public key of the exporter")
      ->required()
      ->type_name("ACCOUNT");
  import_command->add_option("--to", taken->local, "as the importer calls it; $1 is the first *")
      ->type_name("SUBJECT");
  import_command->add_option("--prefix", taken->prefix, "as PREFIX.SUBJECT")->type_name("PREFIX");
  import_command->add_option("--token", taken->token, "activation of a private export")
      ->type_name("FILE");
  import_command->add_flag("--share", taken->share, "service: the exporter may know who asks");
  import_command->add_flag("--allow-trace", taken->allow_trace, "stream: traces go on beyond it");
  add_place_flags(*import_command, taken->place);
  import_command->footer(import_footer);
  run_step(*import_command, status, [taken] { return add_import(*taken); });
}

} // namespace troupe::cli
