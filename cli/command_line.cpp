// cli/command_line.cpp: runs a command line and turns every way it ends into an exit code.
#include "cli/commands.hpp"
#include "cli/problem.hpp"
#include "config/closest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace troupe::cli {
namespace {

/// "troupe report"
std::string spelling(const CLI::App& of) {
  const auto* above = of.get_parent();
  return above ? fmt::format("{} {}", spelling(*above), of.get_name()) : of.get_name();
}

std::vector<std::string> commands_of(const CLI::App& which) {
  std::vector<std::string> out;
  for (const auto* each : which.get_subcommands([](const CLI::App*) { return true; }))
    out.push_back(each->get_name());
  return out;
}

std::vector<std::string> options_of(const CLI::App& which) {
  std::vector<std::string> out;
  for (const auto* each : which.get_options())
    for (const auto& name : each->get_lnames())
      out.push_back("--" + name);
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  std::vector<std::string_view> views{known.begin(), known.end()};
  return config::did_you_mean(word, views);
}

problem unexpected(const CLI::App& by, const std::string& word) {
  auto name = spelling(by);
  auto commands = commands_of(by);
  if (word.starts_with('-')) {
    auto flag = word.substr(0, word.find('='));
    return {fmt::format("{} has no option {}{}", name, flag, did_you_mean(flag, options_of(by))),
            fmt::format("{} --help lists them", name), exit_code::usage};
  }
  if (!commands.empty() && by.get_subcommands().empty())
    return {fmt::format("{} has no command {}{}", name, word, did_you_mean(word, commands)),
            fmt::format("one of {}", fmt::join(commands, ", ")), exit_code::usage};
  return {fmt::format("{} does not take the argument \"{}\"", name, word),
          fmt::format("{} --help shows what it takes", name), exit_code::usage};
}

/// A command that went as far as `by` before it was found to be wrong.
problem explain(const CLI::App& by, const CLI::ParseError& wrong) {
  auto left = by.remaining();
  auto first = std::find_if(left.begin(), left.end(),
                            [](const std::string& each) { return each.starts_with('-'); });
  if (!left.empty())
    return unexpected(by, first == left.end() ? left.front() : *first);
  if (const auto* deeper = by.get_subcommands().empty() ? nullptr : by.get_subcommands().back())
    return explain(*deeper, wrong);
  auto name = spelling(by);
  auto commands = commands_of(by);
  if (!commands.empty() && dynamic_cast<const CLI::RequiredError*>(&wrong))
    return {fmt::format("{} needs a command", name),
            fmt::format("one of {}", fmt::join(commands, ", ")), exit_code::usage};
  return {fmt::format("{}: {}", name, wrong.what()),
          fmt::format("{} --help shows what it takes", name), exit_code::usage};
}

} // namespace

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
    return report(explain(app, wrong));
  }
}

} // namespace troupe::cli
