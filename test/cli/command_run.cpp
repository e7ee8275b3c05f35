// test/cli/command_run.cpp: starts the binary and waits for its end.
#include "command_run.hpp"

#include <doctest/doctest.h>

namespace troupe::test {

std::vector<std::string> troupe_with(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TROUPE_BINARY);
  return arguments;
}

ended run(std::vector<std::string> arguments, const std::string& input) {
  running_process one{troupe_with(std::move(arguments)), input};
  auto code = one.finish();
  return {code, one.out, one.err};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

bool no_peer() {
  static bool missing = !peer_server::is_installed();
  if (missing)
    MESSAGE("skipped: there is no nats-server in PATH or /usr/sbin");
  return missing;
}

} // namespace troupe::test
