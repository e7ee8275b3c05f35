// test/fuzz/client_parser_fuzz.cpp: however TCP cuts a client's stream, the broker hears the same.
#include "test/protocol/parser_journal.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;

namespace {

constexpr protocol::parser_limits tiny{48, 32}; // so that they are reached

/// What a connection's parser hears of `wire` when it is read `step` bytes at a time. Each read
/// lies in memory of its own and exact size, so that not a byte beyond it can be looked at.
std::string hear(std::string_view wire, size_t step, bool headers, bool silent) {
  test::parser_journal journal;
  journal.headers = headers;
  journal.silent_peer = silent;
  std::string kept;
  for (size_t at = 0; at < wire.size() && !journal.broken; at += step) {
    kept += wire.substr(at, step);
    std::vector<char> exact{kept.begin(), kept.end()};
    protocol::client_parser<test::parser_journal> parser{journal, tiny};
    auto progress = parser.parse({exact.data(), exact.size()});
    if (progress.used > kept.size())
      std::abort();
    kept.erase(0, progress.used);
    // What is known of an operation's size must be more than there is, and within the limits.
    if (!journal.broken && progress.wanted != 0
        && (progress.wanted <= kept.size() || progress.wanted > 4096))
      std::abort();
  }
  return journal.text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 2048)
    return 0;
  bool headers = (data[0] & 1) == 0;
  bool silent = (data[0] & 2) == 0;
  size_t step = 1 + data[0] / 4; // the input says how it is cut, too
  std::string_view wire{reinterpret_cast<const char*>(data + 1), size - 1};
  auto whole = hear(wire, wire.size(), headers, silent);
  for (size_t each : {step, size_t{1}, wire.size() / 2 + 1})
    if (hear(wire, each, headers, silent) != whole)
      std::abort();
  return 0;
}
