// cli/start_check.hpp: what the files that a configuration names hold, before anything is opened.
#pragma once

#include "config/load.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

/// Certificates, keys, authorities and creds that cannot be used, each a sentence with its place:
/// what else would be found out when listeners are there already. Blocks on the disk.
std::vector<std::string> faults_of_files(const config::load_result& loaded);

/// The same of the operator's store, which a start reads first; for those who only check.
std::vector<std::string> faults_of_store(const config::load_result& loaded);

} // namespace troupe::cli
