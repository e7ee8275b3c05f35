// cli/fleet_survey.hpp: asks every broker of a super cluster at once, over the system account.
#pragma once

#include "cli/connect_flags.hpp"
#include "cli/problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::cli {

/// One question to all brokers and what they answered (system-events.md: `{"server", "data"}`).
struct survey {
  std::string what;                    ///< "ROUTEZ"
  std::vector<nlohmann::json> answers; ///< by server name; those that are an error are left out
  std::vector<std::string> failures;   ///< "ny1: why", for those
};

struct survey_flags {
  connect_flags connection;
  std::string timeout = "2s";
  bool json = false;
};

/// --timeout, --json and the flags of a connection.
void add_survey_flags(CLI::App& command, survey_flags& flags);

/// Asks for all of `questions`, whose `what` is given. It ends when nobody has answered anything
/// for a while, or with the time limit. Nobody at all: a problem with exit code 3.
outcome ask_fleet(const survey_flags& flags, std::vector<survey>& questions);

} // namespace troupe::cli
