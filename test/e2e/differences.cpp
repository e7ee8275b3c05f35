// test/e2e/differences.cpp: which cases a server is known to fail, and why.
#include "differences.hpp"

#include <fstream>
#include <stdexcept>

namespace troupe::e2e {
std::map<std::string, std::string> read_differences(const std::filesystem::path& file,
                                                    const std::string& who) {
  std::map<std::string, std::string> out;
  std::ifstream in{file};
  if (!in)
    throw std::runtime_error("cannot open " + file.string());
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#')
      continue;
    auto blank = line.find(' ');
    auto colon = line.find(": ");
    if (blank == line.npos || colon == line.npos || colon < blank)
      throw std::runtime_error(file.string() + ":" + std::to_string(number)
                               + ": expected `who[,who] case: reason`");
    if (("," + line.substr(0, blank) + ",").find("," + who + ",") != line.npos)
      out[line.substr(blank + 1, colon - blank - 1)] = line.substr(colon + 2);
  }
  return out;
}
} // namespace troupe::e2e
