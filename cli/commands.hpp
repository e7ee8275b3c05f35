// cli/commands.hpp: the client tools that the `troupe` binary registers.
#pragma once

namespace CLI {
class App;
}

namespace troupe::cli {

// Each adds one subcommand to `parent`. When it is the chosen one, it runs while the command line
// is parsed and leaves its exit code in `status`.
void add_sub_command(CLI::App& parent, int& status);
void add_pub_command(CLI::App& parent, int& status);
void add_request_command(CLI::App& parent, int& status);
void add_bench_command(CLI::App& parent, int& status);
void add_account_command(CLI::App& parent, int& status);
void add_actors_command(CLI::App& parent, int& status);
void add_report_command(CLI::App& parent, int& status);
void add_super_command(CLI::App& parent, int& status);

/// `troupe tool sub` and `troupe tool pub`, as Choria's operators spell them.
void add_tool_command(CLI::App& parent, int& status);

/// Parses and runs; wrong usage gives 2, whatever a command left in `status` otherwise.
int run_command_line(CLI::App& app, int argc, char** argv, const int& status);

} // namespace troupe::cli
