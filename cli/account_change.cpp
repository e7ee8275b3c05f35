// cli/account_change.cpp: flags of accounts, and what they do to claims.
#include "cli/account_change.hpp"

#include <CLI/CLI.hpp>

namespace troupe::cli {

void add_account_flags(CLI::App& command, account_change& change) {
  auto limits = "Limits (-1 or unlimited: none)";
  auto text = [&](const char* name, std::string& to, const char* help, const char* type) {
    command.add_option(name, to, help)->type_name(type)->group(limits);
  };
  text("--conns", change.connections, "connections, over the whole cluster", "N");
  text("--leaf-conns", change.leafnodes, "of these, leaf nodes", "N");
  text("--subscriptions", change.subscriptions, "subscriptions of each connection", "N");
  text("--payload", change.payload, "bytes of one message: 64k, 1MB", "SIZE");
  text("--data", change.data, "bytes in all; carried, not enforced", "SIZE");
  text("--imports", change.imports, "imports it may have", "N");
  text("--exports", change.exports, "exports it may have", "N");
  command
      .add_option("--wildcard-exports", change.wildcard_exports, "its exports may hold wildcards")
      ->type_name("BOOL")
      ->group(limits);
  command.add_option("--disallow-bearer", change.disallow_bearer, "none of its users is a bearer")
      ->type_name("BOOL")
      ->group(limits);
  text("--expires", change.expires, "90d, 12h, 2027-01-31, or never", "WHEN");
  command.add_option("--description", change.description, "what it is for")->type_name("TEXT");
  command.add_option("--info-url", change.info_url, "where to read more")->type_name("URL");
  command.add_option("--tag", change.tags, "adds tags")
      ->delimiter(',')
      ->type_name("TAG")
      ->allow_extra_args(false);
  command.add_option("--rm-tag", change.remove_tags, "removes tags")
      ->delimiter(',')
      ->type_name("TAG")
      ->allow_extra_args(false);
  add_permission_flags(command, change.default_permissions);
}

void apply(const account_change& change, int64_t now, security::account_claims& to,
           std::vector<std::string>& problems) {
  auto& limits = to.limits;
  apply_limit(change.connections, "--conns", limits.connections, problems);
  apply_limit(change.leafnodes, "--leaf-conns", limits.leafnodes, problems);
  apply_limit(change.subscriptions, "--subscriptions", limits.subscriptions, problems);
  apply_limit(change.payload, "--payload", limits.payload, problems);
  apply_limit(change.data, "--data", limits.data, problems);
  apply_limit(change.imports, "--imports", limits.imports, problems);
  apply_limit(change.exports, "--exports", limits.exports, problems);
  if (change.wildcard_exports)
    limits.wildcard_exports = *change.wildcard_exports;
  if (change.disallow_bearer)
    limits.disallow_bearer = *change.disallow_bearer;
  if (change.description)
    to.description = *change.description;
  if (change.info_url)
    to.info_url = *change.info_url;
  apply_expiry(change.expires, now, to.standard.expires, problems);
  apply_tags(change.tags, change.remove_tags, to.standard.tags);
  apply(change.default_permissions, to.default_permissions, problems);
}

std::vector<security::export_claim> exports_of_system_account() {
  security::export_claim events;
  events.name = "account-monitoring-streams";
  events.subject = "$SYS.ACCOUNT.*.>";
  events.kind = security::share_kind::stream;
  events.account_token_position = 3;
  events.description = "What happens in the importing account";
  security::export_claim reports;
  reports.name = "account-monitoring-services";
  reports.subject = "$SYS.REQ.ACCOUNT.*.*";
  reports.kind = security::share_kind::service;
  reports.response_type = "Stream";
  reports.account_token_position = 4;
  reports.description = "Reports about the importing account: CONNZ, SUBSZ, LEAFZ, INFO";
  return {events, reports};
}

} // namespace troupe::cli
