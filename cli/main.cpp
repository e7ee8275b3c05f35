// cli/main.cpp: the one binary.
#include "cli/commands.hpp"
#include "cli/run.hpp"
#include "cli/version.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>

int main(int argc, char** argv) {
  using namespace troupe::cli;
  if (std::filesystem::path{argv[0]}.filename() == "nats-server")
    return run_as_nats_server(argc, argv);
  CLI::App app{"Troupe: a NATS broker built of actors", "troupe"};
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  int status = 0;
  add_run_command(app, status);
  add_broker_command(app, status);
  add_sub_command(app, status);
  add_pub_command(app, status);
  add_request_command(app, status);
  add_bench_command(app, status);
  add_account_command(app, status);
  add_actors_command(app, status);
  add_report_command(app, status);
  add_super_command(app, status);
  add_tool_command(app, status);
  return run_command_line(app, argc, argv, status);
}
