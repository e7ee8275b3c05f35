// test/cli/account_site.cpp: runs `troupe account` in a folder of its own.
#include "account_site.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace troupe::test {

site::site() : folder{make_folder()} {}

site::~site() {
  std::error_code code;
  std::filesystem::remove_all(folder, code);
}

ended site::account(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "account");
  arguments.insert(arguments.end(), {"--dir", folder});
  return run(std::move(arguments));
}

nlohmann::json site::json(std::vector<std::string> arguments) const {
  arguments.emplace_back("--json");
  auto done = account(std::move(arguments));
  REQUIRE_MESSAGE(done.code == 0, done.err);
  return nlohmann::json::parse(done.out);
}

void site::must(std::vector<std::string> arguments) const {
  auto done = account(std::move(arguments));
  REQUIRE_MESSAGE(done.code == 0, done.err);
}

std::string site::creds(const std::string& of_account, const std::string& user) const {
  return folder + "/accounts/creds/OPS/" + of_account + "/" + user + ".creds";
}

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

bool shows_a_seed(const ended& what) {
  // As long as a seed is: public keys, which are shorter, may have any letters in them.
  static const std::regex seed{"S[A-Z][A-Z2-7]{56}"};
  return std::regex_search(what.out, seed) || std::regex_search(what.err, seed);
}

} // namespace troupe::test
