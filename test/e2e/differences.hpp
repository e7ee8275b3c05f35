// test/e2e/differences.hpp: which cases a server is known to fail, and why.
#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace troupe::e2e {
/// From a case's name to the reason for which `who` fails it. A line of the file reads
/// `who[,who] case: reason`. Throws std::runtime_error naming the line that it cannot read.
std::map<std::string, std::string> read_differences(const std::filesystem::path& file,
                                                    const std::string& who);
} // namespace troupe::e2e
