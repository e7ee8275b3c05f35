// test/cli/account_site.hpp: a temporary folder in which `troupe account` works.
#pragma once

#include "command_run.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace troupe::test {

struct site {
  site();
  ~site();
  site(const site&) = delete;
  site& operator=(const site&) = delete;

  /// `troupe account ARGUMENTS --dir FOLDER`.
  ended account(std::vector<std::string> arguments) const;
  /// The same with --json; fails the test if it fails.
  nlohmann::json json(std::vector<std::string> arguments) const;
  /// Fails the test if it fails.
  void must(std::vector<std::string> arguments) const;
  std::string creds(const std::string& of_account, const std::string& user) const;

  std::string folder;
};

std::string text_of(const std::string& path);
/// Seeds have this shape; none may be printed.
bool shows_a_seed(const ended& what);

} // namespace troupe::test
