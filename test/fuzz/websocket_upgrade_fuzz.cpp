// test/fuzz/websocket_upgrade_fuzz.cpp: a request is refused with a status and a reason, or says
// all that is needed; an answer likewise.
#include "protocol/websocket_upgrade.hpp"

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

bool is_line(std::string_view text) {
  return text.find_first_of("\r\n") == text.npos;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string exact{reinterpret_cast<const char*>(data), size};
  auto head = http_head_size(exact);
  demand(head <= exact.size());
  auto parsed = parse_websocket_request(exact);
  if (const auto* no = std::get_if<http_refusal>(&parsed)) {
    demand(no->status >= 400 && !no->why.empty() && is_line(no->why));
  } else {
    const auto& request = std::get<websocket_request>(parsed);
    demand(request.path.starts_with('/') && !request.host.empty() && request.key.size() == 24);
    demand(is_line(request.path) && is_line(request.host) && is_line(request.origin));
    (void)origin_of_host(request.host, true);
    (void)parse_web_origin(request.origin);
  }
  auto answer = parse_websocket_answer(exact, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  demand(is_line(answer.problem));
  (void)parse_web_origin(exact);
  return 0;
}
