// cli/account_verify.cpp: `troupe account verify` checks every file of a store.
#include "cli/account_commands.hpp"
#include "cli/account_place.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"
#include "security/account_store.hpp"
#include "security/store_check.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace troupe::cli {
namespace {

constexpr auto footer =
    R"(Checks form, signature, issuer, times and rules of each JWT, imports between accounts, that creds
hold the user's present JWT, and that nobody else can read secrets.
Brokers that serve equal stores show equal store digests.
Exit codes: 0 every file can be used, 1 some cannot)";

using security::claim_problem;

const char* state_of(const security::checked_file& file) {
  auto state = "good";
  for (const auto& one : file.problems) {
    if (one.how_bad != claim_problem::weight::warning)
      return one.how_bad == claim_problem::weight::time ? "expired" : "BROKEN";
    state = "warning";
  }
  return state;
}

bool is_usable(const security::checked_file& file) {
  return security::blocking(file.problems).empty();
}

nlohmann::json json_of(const security::checked_file& file) {
  nlohmann::json out{
      {"file", file.path},       {"kind", file.kind},     {"name", file.name},
      {"subject", file.subject}, {"issuer", file.issuer}, {"issuer_name", file.issuer_name},
      {"expires", file.expires}, {"digest", file.digest}, {"usable", is_usable(file)}};
  out["problems"] = nlohmann::json::array();
  for (const auto& one : file.problems)
    out["problems"].push_back(one.text);
  return out;
}

outcome verify(const account_place& place) {
  security::store_layout where;
  if (auto wrong = find_store(place, where))
    return wrong;
  auto files = security::check_store(where, unix_now());
  auto opened = security::account_store::open(where.store);
  auto* store = std::get_if<security::account_store>(&opened);
  auto digest = store == nullptr ? std::string{} : store->digest();
  std::vector<std::string> broken;
  text_table table{{"FILE", "NAME", "ISSUED BY", "EXPIRES", "DIGEST", "STATE"}};
  auto all = nlohmann::json::array();
  for (const auto& file : files) {
    table.add({file.kind, file.name, file.issuer_name,
               file.digest.empty() ? "" : show_moment(file.expires), file.digest.substr(0, 16),
               state_of(file)});
    all.push_back(json_of(file));
    for (const auto& one : file.problems)
      if (one.how_bad != claim_problem::weight::warning)
        broken.push_back(fmt::format("{}: {}", file.path, one.text));
      else if (!place.json)
        fmt::print(stderr, "troupe: warning: {}: {}\n", file.path, one.text);
  }
  if (place.json)
    fmt::print("{}\n",
               nlohmann::json{{"store", where.store}, {"digest", digest}, {"files", all}}.dump(1));
  else
    fmt::print("{}\nstore {}\ndigest {}\n", table.text(), where.store, digest);
  return all_of(broken);
}

} // namespace

void add_account_verify(CLI::App& account, int& status) {
  auto place = std::make_shared<account_place>();
  auto* command = account.add_subcommand("verify", "check every file of the store");
  add_place_flags(*command, *place);
  command->footer(footer);
  run_step(*command, status, [place] { return verify(*place); });
}

} // namespace troupe::cli
