// test/fuzz/link_info_fuzz.cpp: a peer's INFO or CONNECT is refused without a trace, or survives
// being written and read again.
#include "protocol/link_info.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace troupe::protocol;

namespace {

void demand(bool truth) {
  if (!truth)
    std::abort();
}

template <class T, class Read, class Write>
void play(std::string_view json, std::string_view verb, Read read, Write write) {
  T first;
  if (!read(json, first).empty()) {
    demand(first == T{});
    return;
  }
  auto line = write(first);
  demand(line.starts_with(verb) && line.ends_with("\r\n"));
  demand(line.find('\n') == line.size() - 1); // one line, whatever was in it
  T second;
  demand(read(std::string_view{line}.substr(verb.size()), second).empty());
  demand(first == second);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view json{reinterpret_cast<const char*>(data), size};
  play<link_info>(json, "INFO ", parse_link_info, info_line);
  play<link_connect>(json, "CONNECT ", parse_link_connect, connect_line);
  return 0;
}
