// test/fuzz/websocket_frames_fuzz.cpp: however TCP cuts a websocket's stream, we hear the same.
#include "protocol/websocket_frames.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe::protocol;

namespace {

/// What comes of `wire` when it is read `step` bytes at a time. Each read lies in memory of its own
/// and exact size, so that not a byte beyond it can be touched.
std::string hear(std::string_view wire, size_t step, websocket_masking masking) {
  websocket_reader reader{masking};
  std::string payload, pong;
  for (size_t at = 0; at < wire.size(); at += step) {
    auto part = wire.substr(at, step);
    std::vector<char> exact{part.begin(), part.end()};
    auto kept = reader.read(exact.data(), exact.size());
    if (kept > exact.size())
      std::abort();
    payload.append(exact.data(), kept);
    if (reader.owes_pong())
      pong = reader.pong();
  }
  if (pong.size() > longest_websocket_control || (!reader.problem().empty() && !reader.ended()))
    std::abort();
  auto code = static_cast<uint16_t>(reader.answer());
  if (code != 0 && !is_websocket_status(code)) // it goes out in our close frame
    std::abort();
  return payload + "|" + pong + "|" + std::to_string(code) + "|" + std::string{reader.problem()};
}

/// The same where messages may be compressed: which bytes are, and where messages end.
std::string hear_messages(std::string_view wire, size_t step, websocket_masking masking) {
  websocket_reader reader{masking, true};
  std::string out;
  for (size_t at = 0; at < wire.size(); at += step) {
    auto given = wire.substr(at, step);
    std::vector<char> exact{given.begin(), given.end()};
    auto* in = exact.data();
    for (auto left = exact.size(); left > 0;) {
      auto part = reader.next(in, left);
      bool inside = part.text.empty()
                    || (part.text.data() >= in && part.text.data() + part.text.size() <= in + left);
      if (part.used == 0 || part.used > left || !inside)
        std::abort();
      for (char c : part.text)
        out.append(1, part.deflated ? 'd' : 'p').append(1, c);
      out += part.ends ? "." : "";
      in += part.used;
      left -= part.used;
    }
  }
  return out + "|" + std::string{reader.problem()};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto masking = static_cast<websocket_masking>(data[0] % 3);
  std::string_view wire{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto whole = hear(wire, size, masking);
  auto messages = hear_messages(wire, size, masking);
  for (size_t step : {size_t{1}, size_t{2}, size_t{5}, size_t{13}})
    if (hear(wire, step, masking) != whole || hear_messages(wire, step, masking) != messages)
      std::abort();
  return 0;
}
