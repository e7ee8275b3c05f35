// cli/report_command.cpp: `troupe report` lists the links of all brokers.
#include "cli/commands.hpp"
#include "cli/fleet_survey.hpp"
#include "cli/link_report.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace troupe::cli {
namespace {

struct kind {
  const char* name;
  const char* what;
  const char* help;
  std::string (*table)(const std::vector<nlohmann::json>&);
};

constexpr kind kinds[] = {
    {"routes", "ROUTEZ", "the routes between the members of each cluster", route_table},
    {"gateways", "GATEWAYZ", "the gateways between clusters", gateway_table},
    {"leafnodes", "LEAFZ", "the leaf nodes of each broker", leafnode_table},
};

constexpr auto examples = R"(Examples:
  troupe report routes --creds system.creds
  troupe report gateways --user sys --password … --json | jq .data.outbound_gateways

The user has to belong to the system account. Exit codes: 0 done, 1 failure, 2 wrong usage,
3 nobody answered)";

outcome show(const kind& which, const survey_flags& flags) {
  std::vector<survey> asked(1);
  asked[0].what = which.what;
  if (auto wrong = ask_fleet(flags, asked))
    return wrong;
  for (const auto& each : asked[0].failures)
    fmt::print(stderr, "troupe: {}\n", each);
  if (flags.json) {
    for (const auto& each : asked[0].answers)
      fmt::print("{}\n", each.dump());
    return std::nullopt;
  }
  auto table = which.table(asked[0].answers);
  if (table.empty())
    fmt::print("No broker of the {} that answered has {}.\n", asked[0].answers.size(), which.name);
  else
    fmt::print("{}", table);
  return std::nullopt;
}

} // namespace

void add_report_command(CLI::App& parent, int& status) {
  auto* report_on = parent.add_subcommand("report", "list the links of all brokers");
  report_on->require_subcommand(1);
  for (const auto& each : kinds) {
    auto flags = std::make_shared<survey_flags>();
    auto* command = report_on->add_subcommand(each.name, each.help);
    add_survey_flags(*command, *flags);
    command->footer(examples);
    command->callback([flags, &each, &status] {
      auto wrong = show(each, *flags);
      status = wrong ? report(*wrong) : 0;
    });
  }
}

} // namespace troupe::cli
