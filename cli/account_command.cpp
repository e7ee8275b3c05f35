// cli/account_command.cpp: `troupe account`, the family.
#include "cli/account_commands.hpp"
#include "cli/commands.hpp"

#include <CLI/CLI.hpp>

namespace troupe::cli {
namespace {

constexpr auto footer = R"(From nothing to a working account:
  troupe account init
  troupe run --config troupe.yaml
  troupe pub --creds accounts/creds/OPS/main/app.creds orders.new hello
The store is laid out as nsc does it, so nsc opens it too (`nsc env --store accounts/nats`), and
--nsc works on what nsc made. Nothing asks questions. Every command has --help and --json.
Exit codes: 0 done, 1 failure, 2 wrong usage)";

} // namespace

void add_account_command(CLI::App& parent, int& status) {
  auto* account = parent.add_subcommand("account", "operators, accounts and users: keys and JWTs");
  account->require_subcommand(1);
  account->footer(footer);
  add_account_init(*account, status);
  add_account_add(*account, status);
  add_account_edit(*account, status);
  add_account_show(*account, status);
  add_account_export(*account, status);
  add_account_import(*account, status);
  add_account_keys(*account, status);
  add_account_delete(*account, status);
  add_account_verify(*account, status);
  add_account_explain(*account, status);
  add_account_probe(*account, status);
  add_account_push(*account, status);
  add_account_config(*account, status);
}

} // namespace troupe::cli
