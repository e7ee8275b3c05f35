// test/e2e/info_subset.hpp: does an INFO say what a case asks of it?
#pragma once
#include <string>

namespace troupe::e2e {
/// Empty if the JSON object `info` has every field of `wanted`: the same value, or for null no such
/// field, or for a text that starts with ~ a value that matches the regular expression (texts as
/// they are, everything else as JSON). Otherwise a sentence about the first field that differs.
std::string differs_from(const std::string& info, const std::string& wanted);
} // namespace troupe::e2e
