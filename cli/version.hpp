// cli/version.hpp: what `troupe --version` prints.
#pragma once

#include <string>

namespace troupe::cli {

/// Version, commit, compiler and the versions of the libraries, over several lines.
std::string version_text();

} // namespace troupe::cli
