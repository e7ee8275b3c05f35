// test/cli/command_run.hpp: one run of the `troupe` binary, from start to end.
#pragma once

#include "running_process.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

struct ended {
  int code;
  std::string out;
  std::string err;
};

/// The arguments with the binary in front.
std::vector<std::string> troupe_with(std::vector<std::string> arguments);
/// `input` is its whole standard input.
ended run(std::vector<std::string> arguments, const std::string& input = {});
bool has(const std::string& text, std::string_view part);
/// Says so if there is no nats-server to talk to.
bool no_peer();

} // namespace troupe::test
