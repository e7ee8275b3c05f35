// test/fuzz/link_parser_fuzz.cpp: however TCP cuts a peer server's stream, we hear the same.
#include "test/protocol/link_journal.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;

namespace {

constexpr protocol::parser_limits tiny{48, 32}; // so that they are reached

/// What a link's parser hears of `wire` when it is read `step` bytes at a time. Each read lies in
/// memory of its own and exact size, so that not a byte beyond it can be looked at.
std::string hear(std::string_view wire, size_t step, const protocol::link_rules& rules) {
  test::link_journal journal;
  protocol::link_parser<test::link_journal> parser{journal, rules, tiny};
  std::string kept;
  for (size_t at = 0; at < wire.size() && !journal.broken; at += step) {
    kept += wire.substr(at, step);
    std::vector<char> exact{kept.begin(), kept.end()};
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
  // The first byte says which kind of link this is and how it is cut.
  protocol::link_rules rules{.side = static_cast<protocol::link_side>(data[0] & 3),
                             .origin_in_unsub = (data[0] & 4) != 0,
                             .names_account = (data[0] & 16) == 0,
                             .handshake = (data[0] & 8) != 0};
  size_t step = 1 + data[0] / 16;
  std::string_view wire{reinterpret_cast<const char*>(data + 1), size - 1};
  auto whole = hear(wire, wire.size(), rules);
  for (size_t each : {step, size_t{1}, wire.size() / 2 + 1})
    if (hear(wire, each, rules) != whole)
      std::abort();
  return 0;
}
