// test/fuzz/websocket_upgrade_fuzz.cpp: a request is refused with a status and a reason, or says
// all that is needed; an answer likewise.
#include "protocol/websocket_upgrade.hpp"

#include <algorithm>
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

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty()
         || (part.data() >= whole.data()
             && part.data() + part.size() <= whole.data() + whole.size());
}

constexpr std::string_view request =
    "GET /leafnode HTTP/1.1\r\nHost: h:80\r\nUpgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";
constexpr std::string_view answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                    "Connection: Upgrade\r\n"
                                    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
constexpr std::string_view accept_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Whoever waits for a head finds its end at once, at whatever byte he has looked before.
void look_for_end(std::string_view wire) {
  auto head = http_head_size(wire);
  demand(head <= wire.size() && (head == 0 || wire.substr(0, head).ends_with("\r\n\r\n")));
  for (size_t known = 0; known < std::min<size_t>(head, 64); ++known)
    demand(http_head_size(wire, head - 1 - known) == head);
}

void read_request(std::string_view head) {
  auto parsed = parse_websocket_request(head);
  if (const auto* no = std::get_if<http_refusal>(&parsed)) {
    demand(no->status >= 400 && !no->why.empty() && is_line(no->why) && !lies_in(no->why, head));
    return;
  }
  const auto& said = std::get<websocket_request>(parsed);
  demand(said.path.starts_with('/') && !said.host.empty() && said.key.size() == 24);
  for (auto part : {said.path, said.host, said.key, said.origin, said.forwarded_for})
    demand(is_line(part) && lies_in(part, head));
  for (auto part : said.cookies)
    demand(is_line(part) && lies_in(part, head));
  for (std::string_view name : {"j", "user", "", "=", "a b"})
    demand(is_line(find_cookie(said.cookies, name)));
  if (auto origin = parse_web_origin(said.origin); !origin.scheme.empty())
    demand(!origin.host.empty() && !origin.port.empty());
  (void)origin_of_host(said.host, true);
}

void read_answer(std::string_view head) {
  for (bool asked : {false, true}) {
    auto said = parse_websocket_answer(head, accept_key, asked);
    demand(is_line(said.problem) && (asked || !said.deflate));
    demand(said.problem.empty() || (!said.deflate && !said.no_masking));
  }
}

} // namespace

/// The first byte says what comes before the rest: nothing, or what passes the first checks, so
/// that whatever an input says of cookies, origins and extensions is looked at.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
  std::string head;
  if (data[0] == 'R')
    head = request;
  else if (data[0] == 'A')
    head = answer;
  head += rest;
  if (data[0] == 'R' || data[0] == 'A')
    head += "\r\n\r\n";
  std::string exact{head.data(), head.size()};
  look_for_end(exact);
  read_request(exact);
  read_answer(exact);
  auto colon = std::min(rest.find(':'), rest.size());
  auto text = rest.substr(std::min(colon + 1, rest.size()));
  if (fault_of_answer_header(rest.substr(0, colon), text).empty())
    demand(is_line(rest));
  (void)parse_web_origin(rest);
  return 0;
}
