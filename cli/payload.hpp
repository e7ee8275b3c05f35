// cli/payload.hpp: what a command line says about a message's content.
#pragma once

#include "cli/header_block.hpp"
#include "cli/problem.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

/// The content of `file` if one is named, standard input if `typed` is "-", otherwise `typed`.
outcome read_payload(const std::string& typed, const std::string& file, std::string& out);

/// Reads every `Key:value`.
outcome read_header_arguments(const std::vector<std::string>& typed, header_list& out);

} // namespace troupe::cli
