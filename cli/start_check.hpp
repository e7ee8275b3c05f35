// cli/start_check.hpp: what the files that a configuration names hold, before anything is opened.
#pragma once

#include "config/load.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

/// Certificates, keys, authorities and creds that cannot be used, each a sentence with its place:
/// what else would be found out when listeners are there already. Blocks on the disk.
std::vector<std::string> faults_of_files(const config::load_result& loaded);

/// The same of operators and their store, which a start reads first; for those who only check. Of a
/// resolver that is asked or written to nothing is tried.
std::vector<std::string> faults_of_operators(const config::load_result& loaded);

} // namespace troupe::cli
