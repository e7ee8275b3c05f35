// cli/payload.cpp: reads payloads and headers from arguments, files and standard input.
#include "cli/payload.hpp"

#include <fmt/core.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace troupe::cli {

outcome read_payload(const std::string& typed, const std::string& file, std::string& out) {
  if (!file.empty()) {
    std::ifstream in{file, std::ios::binary};
    out.assign(std::istreambuf_iterator<char>{in}, {});
    if (!in.is_open() || in.bad())
      return problem{fmt::format("cannot read \"{}\"", file), "", exit_code::usage};
    return std::nullopt;
  }
  if (typed == "-")
    out.assign(std::istreambuf_iterator<char>{std::cin}, {});
  else
    out = typed;
  return std::nullopt;
}

outcome read_header_arguments(const std::vector<std::string>& typed, header_list& out) {
  for (const auto& text : typed) {
    std::pair<std::string, std::string> field;
    if (!parse_header_argument(text, field))
      return problem{fmt::format("--header \"{}\" is not a header", text), "write Key:value",
                     exit_code::usage};
    out.fields.push_back(std::move(field));
  }
  return std::nullopt;
}

} // namespace troupe::cli
