// cli/subject_argument.hpp: judges subjects as typed on a command line, before a server does.
#pragma once

#include "cli/problem.hpp"

#include <string_view>

namespace troupe::cli {

/// To subscribe to: wildcards are welcome.
outcome check_subscription_argument(std::string_view subject);

/// To publish to: no wildcard, no empty token.
outcome check_publish_argument(std::string_view subject);

} // namespace troupe::cli
