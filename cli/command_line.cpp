// cli/command_line.cpp: runs a command line and turns every way it ends into an exit code.
#include "cli/commands.hpp"
#include "cli/problem.hpp"

#include <CLI/CLI.hpp>

namespace troupe::cli {

void add_tool_command(CLI::App& parent, int& status) {
  auto* tool = parent.add_subcommand("tool", "sub and pub in the spelling of Choria's operators");
  tool->require_subcommand(1);
  add_sub_command(*tool, status);
  add_pub_command(*tool, status);
}

int run_command_line(CLI::App& app, int argc, char** argv, const int& status) {
  try {
    app.parse(argc, argv);
    return status;
  } catch (const CLI::Success& wish) { // --help and --version
    return app.exit(wish);
  } catch (const CLI::ParseError& wrong) {
    app.exit(wrong);
    return static_cast<int>(exit_code::usage);
  }
}

} // namespace troupe::cli
