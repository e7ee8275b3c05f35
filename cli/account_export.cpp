// cli/account_export.cpp: `troupe account export` and `activate`.
#include "cli/account_commands.hpp"
#include "cli/account_share.hpp"
#include "cli/duration.hpp"
#include "cli/moment.hpp"
#include "cli/user_change.hpp"
#include "security/creds_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <memory>

namespace troupe::cli {
namespace {

using security::share_kind;
using security::store_editor;
using texts = std::vector<std::string>;

struct export_flags : share_flags {
  bool token_required = false, advertise = false;
  std::string response, threshold, latency, sampling = "100", description, info_url;
  int64_t token_position = 0;
};

struct activate_flags : share_flags {
  std::string importer, expires, file;
};

constexpr auto export_footer = R"(Examples:
  troupe account export acme 'prices.>' --stream
  troupe account export acme 'quote.*' --service --private --threshold 5s
  troupe account export acme 'log.*.>' --stream --token-position 2   the importer's key stands there
An export of the same kind and subject is replaced.)";

void tell(const account_place& place, const nlohmann::json& as_json, const std::string& text) {
  fmt::print("{}\n", place.json ? as_json.dump(1) : text);
}

void apply_latency(const export_flags& flags, security::export_claim& to, texts& problems) {
  if (flags.latency.empty())
    return;
  security::latency_claim latency{0, flags.latency, {}};
  if (flags.sampling != "headers") {
    auto* end = flags.sampling.data() + flags.sampling.size();
    auto [stop, code] = std::from_chars(flags.sampling.data(), end, latency.sampling);
    if (code != std::errc{} || stop != end || latency.sampling < 1 || latency.sampling > 100)
      problems.push_back(fmt::format("--sampling \"{}\" is neither 1 to 100 (percent) nor headers",
                                     flags.sampling));
  }
  to.latency = latency;
}

security::export_claim export_of(const export_flags& flags, share_kind kind, texts& problems) {
  security::export_claim out;
  out.kind = kind;
  out.subject = flags.subject;
  out.name = flags.name.empty() ? flags.subject : flags.name;
  out.token_required = flags.token_required;
  out.advertise = flags.advertise;
  out.allow_trace = flags.allow_trace;
  out.account_token_position = flags.token_position;
  out.description = flags.description;
  out.info_url = flags.info_url;
  if (kind == share_kind::service)
    out.response_type = "Singleton";
  if (flags.response == "singleton" || flags.response == "stream" || flags.response == "chunked")
    out.response_type = static_cast<char>(flags.response[0] - 32) + flags.response.substr(1);
  else if (!flags.response.empty())
    problems.push_back(
        fmt::format("--response \"{}\" is none of: singleton, stream, chunked", flags.response));
  if (!flags.threshold.empty()) {
    auto span = parse_duration(flags.threshold);
    if (!span)
      problems.push_back(
          fmt::format("--threshold \"{}\" is not a duration: write 500ms, 5s", flags.threshold));
    else
      out.response_threshold = span->count();
  }
  apply_latency(flags, out, problems);
  return out;
}

outcome add_export(const export_flags& flags) {
  texts problems;
  auto kind = kind_of(flags);
  if (!kind)
    problems.push_back("an export is either --stream or --service");
  auto claim = export_of(flags, kind.value_or(share_kind::stream), problems);
  if (auto wrong = all_of(problems, {}, exit_code::usage))
    return wrong;
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::change, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  auto& [name, claims] = std::get<security::named_account>(found);
  auto at = std::find_if(claims.exports.begin(), claims.exports.end(), [&](const auto& one) {
    return one.kind == kind && one.subject == flags.subject;
  });
  if (at != claims.exports.end()) {
    claim.revocations = at->revocations; // who was shut out stays out
    *at = claim;
  } else {
    claims.exports.push_back(claim);
  }
  if (auto wrong = store->save_account(name, claims, unix_now()); !wrong.empty())
    return problem{wrong};
  tell(flags.place, {{"account", name}, {"export", flags.subject}, {"kind", said(*kind)}},
       fmt::format("account {} exports the {} {}{}", name, said(*kind), flags.subject,
                   claim.token_required ? "; importers need an activation" : ""));
  return std::nullopt;
}

outcome activate(const activate_flags& flags) {
  auto now = unix_now();
  std::optional<store_editor> store;
  if (auto wrong = open_store(flags.place, security::store_use::read, store))
    return wrong;
  auto found = store->find_account(flags.account);
  if (auto* wrong = std::get_if<std::string>(&found))
    return problem{*wrong};
  const auto& exporter = std::get<security::named_account>(found);
  texts problems;
  security::activation_claims token;
  if (security::is_public_nkey(flags.importer, security::nkey_kind::account)) {
    token.standard.subject = flags.importer;
  } else {
    auto importer = store->find_account(flags.importer);
    if (auto* wrong = std::get_if<std::string>(&importer))
      problems.push_back(*wrong + "; or give its public key");
    else
      token.standard.subject = std::get<security::named_account>(importer).claims.standard.subject;
  }
  const auto* offer = find_offer(exporter, flags, problems);
  apply_expiry(flags.expires, now, token.standard.expires, problems);
  if (!problems.empty())
    return all_of(problems);
  token.standard.name = flags.name.empty() ? flags.subject : flags.name;
  token.subject = flags.subject;
  token.kind = offer->kind;
  auto made = store->sign_activation(exporter.claims, token, now);
  if (auto* wrong = std::get_if<std::string>(&made))
    return problem{*wrong};
  const auto& jwt = std::get<security::signed_activation>(made).jwt;
  auto text = security::decorate_jwt("activation", jwt);
  if (flags.file.empty()) {
    tell(flags.place, {{"activation", jwt}}, text);
    return std::nullopt;
  }
  if (auto wrong = security::write_store_file(flags.file, text); !wrong.empty())
    return problem{wrong};
  tell(flags.place, {{"file", flags.file}}, "written: " + flags.file);
  return std::nullopt;
}

void add_export_command(CLI::App& account, int& status) {
  auto flags = std::make_shared<export_flags>();
  auto* command = account.add_subcommand("export", "let other accounts import a subject");
  add_share_flags(*command, *flags, "name or public key of the exporter", "a subject of it");
  auto text = [&](const char* name, std::string& to, const char* help, const char* type) {
    command->add_option(name, to, help)->type_name(type);
  };
  command->add_flag("--private", flags->token_required, "importers need an activation");
  text("--response", flags->response, "service: singleton (default), stream, chunked", "KIND");
  text("--threshold", flags->threshold, "service: longest wait for a response (default: 2m)", "D");
  text("--latency", flags->latency, "service: publish its latency there", "SUBJECT");
  text("--sampling", flags->sampling, "of latency: percent (default: 100), or headers", "N");
  command
      ->add_option("--token-position", flags->token_position,
                   "this token of the subject must be the importer's public key")
      ->type_name("N");
  command->add_flag("--advertise", flags->advertise, "worth to be listed in a catalogue");
  command->add_flag("--allow-trace", flags->allow_trace, "service: traces go on beyond it");
  text("--description", flags->description, "what it is", "TEXT");
  text("--info-url", flags->info_url, "where to read more", "URL");
  add_place_flags(*command, flags->place);
  command->footer(export_footer);
  run_step(*command, status, [flags] { return add_export(*flags); });
}

} // namespace

void add_account_export(CLI::App& account, int& status) {
  add_export_command(account, status);

  auto token = std::make_shared<activate_flags>();
  auto* activate_command =
      account.add_subcommand("activate", "sign an activation of a private export");
  add_share_flags(*activate_command, *token, "name or public key of the exporter",
                  "what the importer may have of the export");
  activate_command->add_option("--for", token->importer, "name or public key of the importer")
      ->required()
      ->type_name("ACCOUNT");
  activate_command->add_option("--expires", token->expires, "90d, 2027-01-31, or never")
      ->type_name("WHEN");
  activate_command->add_option("--out", token->file, "write it there (default: print it)")
      ->type_name("FILE");
  add_place_flags(*activate_command, token->place);
  run_step(*activate_command, status, [token] { return activate(*token); });
}

} // namespace troupe::cli
