// cli/account_commands.hpp: the commands below `troupe account`.
#pragma once

namespace CLI {
class App;
}

namespace troupe::cli {

// Each adds its commands to `account`, and leaves an exit code in `status` as in commands.hpp.
void add_account_init(CLI::App& account, int& status);
void add_account_add(CLI::App& account, int& status);
void add_account_edit(CLI::App& account, int& status);
void add_account_show(CLI::App& account, int& status);
void add_account_export(CLI::App& account, int& status);
void add_account_import(CLI::App& account, int& status);
void add_account_keys(CLI::App& account, int& status);
void add_account_delete(CLI::App& account, int& status);
void add_account_verify(CLI::App& account, int& status);
void add_account_explain(CLI::App& account, int& status);
void add_account_probe(CLI::App& account, int& status);
void add_account_push(CLI::App& account, int& status);
void add_account_config(CLI::App& account, int& status);

/// `add role` or `edit role`, below `add` or `edit`.
void add_role_command(CLI::App& family, int& status, bool make);

} // namespace troupe::cli
