// test/fuzz/server_stream_fuzz.cpp: however TCP cuts a server's stream, a client hears the same.
#include "protocol/server_parser.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace troupe::protocol;

namespace {

struct journal {
  std::string text;
  bool is_broken = false;
  void on_info(std::string_view json) { text.append("info ").append(json).append(";"); }
  void on_message(const server_message& msg) {
    for (auto part : {msg.subject, msg.sid, msg.reply, msg.headers, msg.payload})
      text.append(part).append("|");
  }
  void on_ping() { text += "ping;"; }
  void on_pong() { text += "pong;"; }
  void on_ok() { text += "ok;"; }
  void on_err(std::string_view words) { text.append("err ").append(words).append(";"); }
  void on_broken(server_stream_error code) {
    is_broken = true;
    text.append("broken ").append(describe(code));
  }
};

std::string replay(std::string_view wire, size_t cut) {
  constexpr server_stream_limits tiny{64, 32}; // so that they are reached
  journal heard;
  std::string buffer{wire.substr(0, cut)};
  buffer.erase(0, parse_server_stream(buffer, tiny, heard));
  buffer += wire.substr(cut);
  if (!heard.is_broken)
    parse_server_stream(buffer, tiny, heard);
  return heard.text;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view wire{reinterpret_cast<const char*>(data), size};
  auto whole = replay(wire, size);
  for (size_t cut : {size / 2, size / 3, size - size / 4})
    if (replay(wire, cut) != whole)
      std::abort();
  return 0;
}
