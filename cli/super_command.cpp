// cli/super_command.cpp: `troupe super` draws the whole super cluster.
#include "cli/commands.hpp"
#include "cli/fleet_survey.hpp"
#include "cli/fleet_tree.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace troupe::cli {
namespace {

struct super_flags {
  survey_flags asking;
  bool whole = false;
};

constexpr auto examples = R"(Examples:
  troupe super --creds system.creds             clusters, brokers, gateways, leaf nodes
  troupe super --creds system.creds --whole     fails if a route, a gateway or an answer is missing

Asks every broker over the system account, to which the user has to belong.
Exit codes: 0 done, 1 failure, or with --whole: something is missing, 2 wrong usage,
            3 nobody answered)";

outcome show(const super_flags& flags) {
  std::vector<survey> asked(4);
  asked[0].what = "VARZ";
  asked[1].what = "ROUTEZ";
  asked[2].what = "GATEWAYZ";
  asked[3].what = "LEAFZ";
  if (auto wrong = ask_fleet(flags.asking, asked))
    return wrong;
  for (const auto& question : asked)
    for (const auto& each : question.failures)
      fmt::print(stderr, "troupe: {} of {}\n", question.what, each);
  fleet_answers answers{std::move(asked[0].answers), std::move(asked[1].answers),
                        std::move(asked[2].answers), std::move(asked[3].answers)};
  auto tree = draw_fleet(answers);
  if (flags.asking.json) {
    fmt::print("{}\n", fleet_document(answers).dump());
  } else {
    fmt::print("{}", tree.text);
    for (const auto& each : tree.gaps)
      fmt::print("missing: {}\n", each);
  }
  if (flags.whole && !tree.gaps.empty())
    return problem{fmt::format("the super cluster is not whole: it has {} gap{}", tree.gaps.size(),
                               tree.gaps.size() == 1 ? "" : "s")};
  return std::nullopt;
}

} // namespace

void add_super_command(CLI::App& parent, int& status) {
  auto flags = std::make_shared<super_flags>();
  auto* command = parent.add_subcommand("super", "draw clusters, gateways and leaf nodes");
  add_survey_flags(*command, flags->asking);
  command->add_flag("--whole", flags->whole, "fail if a route, a gateway or an answer is missing");
  command->footer(examples);
  command->callback([flags, &status] {
    auto wrong = show(*flags);
    status = wrong ? report(*wrong) : 0;
  });
}

} // namespace troupe::cli
