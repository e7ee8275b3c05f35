// cli/run_command.cpp: `troupe run` and `troupe broker run`.
#include "cli/problem.hpp"
#include "cli/run.hpp"
#include "cli/serve.hpp"
#include "cli/start_check.hpp"
#include "config/difference.hpp"
#include "config/load.hpp"
#include "config/print.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace troupe::cli {
namespace {

struct run_flags {
  std::string file;
  std::string format;
  std::string pid_file;
  bool check = false;
  bool keys = false;
  bool debug = false;
  bool no_tls = false;
};

constexpr auto examples = R"(Examples:
  troupe run                          safe default: loopback only, port 4222, monitoring on 8222
  troupe run --config troupe.yaml     YAML, Choria's key=value or nats-server's format
  troupe run --config F --check       every option in force and where it comes from, all mistakes
  troupe run --keys                   every YAML key with its default and meaning
Signals: HUP reloads, USR1 reopens the log file, USR2 lame duck mode, INT and TERM end it.
Exit codes: 0 ended by a signal, 1 cannot start (the reasons are on standard error))";

config::load_request request_of(const run_flags& flags) {
  config::load_request out;
  out.file = flags.file;
  out.around = config::this_machine();
  if (flags.format == "choria")
    out.front = config::front_end::choria;
  else if (flags.format == "yaml")
    out.front = config::front_end::yaml;
  else if (flags.format == "nats")
    out.front = config::front_end::nats;
  return out;
}

/// What the command line says beats the file, after each reload too.
void override(config::options& options, const run_flags& flags) {
  if (!flags.pid_file.empty())
    options.pid_file = flags.pid_file;
  if (flags.debug && options.logging.level > config::log_level::debug)
    options.logging.level = config::log_level::debug;
  if (flags.no_tls) {
    options.client.tls.reset();
    options.cluster.tls.reset();
    options.gateway.tls.reset();
    options.leafnodes.tls.reset();
    for (auto& remote : options.gateway.remotes)
      remote.tls.reset();
    for (auto& remote : options.leafnodes.remotes)
      remote.tls.reset();
  }
}

std::vector<std::string> problems_of(const config::load_result& loaded) {
  auto out = loaded.errors;
  out.insert(out.end(), loaded.rules.begin(), loaded.rules.end());
  for (const auto& key : loaded.inactive)
    if (key.restricts_access)
      out.push_back(fmt::format("{}: {} would keep somebody out, but this release does not enforce "
                                "it yet; remove it to run without that protection",
                                key.place, key.key));
  return out.empty() ? faults_of_files(loaded) : out;
}

std::vector<std::string> warnings_of(const config::load_result& loaded) {
  auto out = loaded.warnings;
  out.insert(out.end(), loaded.doubts.begin(), loaded.doubts.end());
  for (const auto& key : loaded.inactive)
    out.push_back(fmt::format("{}: {} is not active yet", key.place, key.key));
  return out;
}

int check(const config::load_result& loaded, const run_flags& flags) {
  fmt::print("{}", config::print_options(loaded));
  std::fflush(stdout); // in one file with what follows the table stays whole
  for (const auto* list : {&loaded.warnings, &loaded.doubts})
    for (const auto& warning : *list)
      fmt::print(stderr, "troupe: warning: {}\n", warning);
  auto problems = problems_of(loaded);
  if (problems.empty())
    problems = faults_of_operators(loaded);
  for (const auto& problem : problems)
    fmt::print(stderr, "troupe: {}\n", problem);
  if (problems.empty())
    fmt::print("{} is valid\n", flags.file.empty() ? "the embedded default" : flags.file);
  return problems.empty() ? 0 : 1;
}

int run(const run_flags& flags) {
  if (flags.keys) {
    fmt::print("{}", config::describe_keys());
    return 0;
  }
  auto request = request_of(flags);
  auto loaded = config::load(request);
  override(loaded.opts, flags);
  if (flags.check)
    return check(loaded, flags);
  if (auto problems = problems_of(loaded); !problems.empty()) {
    for (const auto& warning : loaded.warnings) // a mistyped key may be what is missing
      fmt::print(stderr, "troupe: warning: {}\n", warning);
    for (const auto& problem : problems)
      fmt::print(stderr, "troupe: {}\n", problem);
    return 1;
  }
  serve_request out;
  out.options = loaded.opts;
  out.warnings = warnings_of(loaded);
  if (flags.no_tls)
    out.warnings.push_back("TLS is switched off by a flag: unfit for production");
  if (!flags.file.empty())
    out.read_again = [request, flags](const config::options& running) {
      reload_outcome again;
      auto next = config::load(request);
      override(next.opts, flags);
      again.options = next.opts;
      again.warnings = warnings_of(next);
      again.errors = problems_of(next);
      if (!again.errors.empty())
        return again;
      auto difference = config::compare(running, next.opts);
      again.errors = difference.refusals();
      again.changes = difference.lines();
      return again;
    };
  return serve(std::move(out));
}

} // namespace

void add_run_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<run_flags>();
  auto* run_app = parent.add_subcommand("run", "start a broker");
  run_app->footer(examples);
  run_app->add_option("-c,--config", flags->file, "configuration file");
  run_app->add_option("--format", flags->format, "format of the file (default: found out)")
      ->check(CLI::IsMember({"yaml", "choria", "nats"}));
  run_app->add_option("--pid", flags->pid_file, "write the process id to this file");
  run_app->add_flag("--check", flags->check,
                    "show the options in force and all mistakes, and exit");
  run_app->add_flag("--keys", flags->keys, "describe the YAML keys, and exit");
  run_app->add_flag("--debug", flags->debug, "log connections coming and going");
  run_app->callback([flags, &status] { status = run(*flags); });
}

void add_broker_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<run_flags>();
  flags->format = "choria";
  auto* broker =
      parent.add_subcommand("broker", "the broker in the spelling of Choria's operators");
  broker->require_subcommand(1);
  auto* run_app = broker->add_subcommand("run", "start a broker with Choria's configuration");
  run_app->add_option("--config", flags->file, "configuration file, key=value")->required();
  run_app->add_option("--pid", flags->pid_file, "write the process id to this file");
  run_app->add_flag("--check", flags->check,
                    "show the options in force and all mistakes, and exit");
  run_app->add_flag("--debug", flags->debug, "log connections coming and going");
  run_app->add_flag("--disable-tls", flags->no_tls)->group("");
  run_app->callback([flags, &status] { status = run(*flags); });
}

} // namespace troupe::cli
