// cli/nats_server.cpp: the program that answers to the name `nats-server`.
#include "actors/broker.hpp"
#include "cli/run.hpp"
#include "cli/serve.hpp"
#include "cli/signal_sender.hpp"
#include "cli/start_check.hpp"
#include "config/difference.hpp"
#include "config/load.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace troupe::cli {
namespace {

using action = config::command_line::action;

int complain(std::string_view text) {
  fmt::print(stderr, "nats-server: {}\n", text);
  return 1;
}

int check(const config::load_request& request) {
  if (request.file.empty())
    return complain("must specify [-c, --config] option to check configuration file syntax");
  auto loaded = config::load(request);
  auto lines = config::check_lines(loaded, request.file);
  if (lines.empty())
    lines = faults_of_files(loaded);
  for (const auto& line : lines)
    complain(line);
  if (!lines.empty())
    return 1;
  complain(
      fmt::format("configuration file {} is valid ({})", request.file, loaded.opts.config_digest));
  return 0;
}

std::vector<std::string> problems_of(const config::load_result& loaded) {
  auto out = loaded.errors;
  out.insert(out.end(), loaded.rules.begin(), loaded.rules.end());
  for (const auto& key : loaded.inactive)
    if (key.restricts_access)
      out.push_back(fmt::format("{}: {} would keep somebody out, but is not enforced yet",
                                key.place, key.key));
  return out.empty() ? faults_of_files(loaded) : out;
}

/// Those that `-t` does not know; the others have been told when the file was read.
std::vector<std::string> own_warnings_of(const config::load_result& loaded) {
  auto out = loaded.doubts;
  for (const auto& key : loaded.inactive)
    out.push_back(fmt::format("{}: {} is not active yet", key.place, key.key));
  return out;
}

std::vector<std::string> warnings_of(const config::load_result& loaded) {
  auto out = own_warnings_of(loaded);
  out.insert(out.begin(), loaded.warnings.begin(), loaded.warnings.end());
  return out;
}

reload_outcome read_again(const config::load_request& request, const config::options& running) {
  reload_outcome out;
  auto next = config::load(request);
  next.opts.logging.format = running.logging.format;
  out.options = next.opts;
  out.warnings = warnings_of(next);
  out.errors = problems_of(next);
  if (!out.errors.empty())
    return out;
  auto difference = config::compare(running, next.opts);
  out.errors = difference.refusals();
  out.changes = difference.lines();
  return out;
}

int run(const config::load_request& request, const std::string& program) {
  auto loaded = config::load(request);
  auto problems = problems_of(loaded);
  for (const auto& problem : problems)
    complain(problem);
  if (!problems.empty())
    return 1;
  for (const auto& warning : loaded.warnings)
    complain(warning);
  serve_request out;
  out.options = loaded.opts;
  out.options.logging.format = config::log_format::nats;
  out.warnings = own_warnings_of(loaded);
  if (!request.file.empty())
    out.read_again = [request](const config::options& running) {
      return read_again(request, running);
    };
  out.program = program;
  return serve(std::move(out));
}

} // namespace

int run_as_nats_server(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  auto asked = config::parse_flags(arguments);
  config::load_request request;
  request.front = config::front_end::nats;
  request.file = asked.config_file;
  request.flags = asked.settings;
  request.around = config::this_machine();
  switch (asked.what) {
  case action::run: return run(request, std::filesystem::path{argv[0]}.filename().string());
  case action::check: return check(request);
  case action::show_version: fmt::print("nats-server: v{}\n", actors::nats_version); return 0;
  case action::show_help: fmt::print("{}", config::nats_usage()); return 0;
  case action::show_help_tls: fmt::print("{}", config::nats_tls_usage()); return 0;
  case action::send_signal:
    if (auto problem = send_signal(asked.signal, asked.signal_target); !problem.empty())
      return complain(problem);
    return 0;
  case action::refuse: break;
  }
  if (asked.bare_error)
    fmt::print(stderr, "{}\n", asked.error);
  else
    complain(asked.error);
  if (asked.usage)
    fmt::print("{}", config::nats_usage());
  return asked.exit_code;
}

} // namespace troupe::cli
