// test/security/vectors.cpp: reads vectors.json once.
#include "test/security/vectors.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>

namespace troupe::security::test {

const std::string& vector(const std::string& name) {
  static const auto all = nlohmann::json::parse(std::ifstream{TROUPE_VECTORS "/vectors.json"})
                              .get<std::map<std::string, std::string>>();
  return all.at(name);
}

key_pair pair(const std::string& name) {
  return key_pair::from_seed(vector(name)).value();
}

} // namespace troupe::security::test
