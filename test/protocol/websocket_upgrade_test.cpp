// test/protocol/websocket_upgrade_test.cpp: which requests and answers make a websocket.
#include "protocol/websocket_upgrade.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::protocol;
using namespace std::string_literals;

namespace {

const std::string good = "GET /leafnode?x=1 HTTP/1.1\r\nHost: h:80\r\nUpgrade: WebSocket\r\n"
                         "Connection: keep-alive, Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "sec-websocket-version:13\r\n\r\n";

std::string with(const std::string& from, const std::string& to) {
  auto out = good;
  auto at = out.find(from);
  REQUIRE(at != out.npos);
  return out.replace(at, from.size(), to);
}

/// "403 why", or the path.
std::string judge(const std::string& head) {
  auto out = parse_websocket_request(head);
  if (const auto* no = std::get_if<http_refusal>(&out))
    return std::to_string(no->status) + " " + std::string{no->why};
  return std::string{std::get<websocket_request>(out).path};
}

std::string answer(const std::string& more, const std::string& status = "101 Switching Protocols") {
  auto out = parse_websocket_answer(
      "HTTP/1.1 " + status + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + more + "\r\n",
      "ok=");
  return out.problem.empty() ? (out.no_masking ? "unmasked" : "masked") : out.problem;
}

} // namespace

TEST_CASE("a proper request says where it leads, and what it asks for") {
  CHECK(judge(good) == "/leafnode");
  auto head =
      with("Host", "Nats-No-Masking: true\r\nOrigin: https://a\r\nContent-Length: 0\r\nHost");
  auto parsed = parse_websocket_request(head);
  const auto& request = std::get<websocket_request>(parsed);
  CHECK(request.no_masking);
  CHECK(request.origin == "https://a");
  CHECK(request.host == "h:80");
  CHECK(request.key == "dGhlIHNhbXBsZSBub25jZQ==");
}

TEST_CASE("a head is looked at when its empty line is there") {
  CHECK(http_head_size(good) == good.size());
  CHECK(http_head_size(good + "more") == good.size());
  for (size_t cut = 0; cut < good.size(); ++cut)
    CHECK(http_head_size(good.substr(0, cut)) == 0);
}

TEST_CASE("a request that is none is refused with the reason") {
  CHECK(judge(with("GET ", "POST ")) == "405 request method must be GET");
  CHECK(judge(with("HTTP/1.1", "HTTP/1.0")) == "400 only HTTP/1.1 is spoken here");
  CHECK(judge(with("GET /", "GET http://h/")) == "400 the request's target must be a path");
  CHECK(judge(with("GET /leafnode?x=1", "GET")) == "400 the request line is malformed");
  CHECK(judge(with("Host: h:80\r\n", "")) == "400 'Host' missing in request");
  CHECK(judge(with("Host: h:80", "Host:")) == "400 'Host' missing in request");
  CHECK(judge(with("WebSocket", "h2c")) == "400 invalid value for header 'Upgrade'");
  CHECK(judge(with(", Upgrade", "")) == "400 invalid value for header 'Connection'");
  CHECK(judge(with("Sec-WebSocket-Key", "X")) == "400 key missing");
  CHECK(judge(with("dGhl", "dGh")) == "400 invalid websocket key");
  CHECK(judge(with("dGhl", "dG l")) == "400 invalid websocket key");
  CHECK(judge(with(":13", ": 12")) == "400 invalid version");
  CHECK(judge(with("Host", "Transfer-Encoding: chunked\r\nHost")) == "400 an upgrade has no body");
  CHECK(judge(with("Host", "Content-Length: 5\r\nHost")) == "400 an upgrade has no body");
}

TEST_CASE("headers that readers could understand in two ways are refused") {
  auto twice = "400 a header that may be there once is there twice";
  CHECK(judge(with("Host", "Host: other\r\nHost")) == twice);
  CHECK(judge(with("Host", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nHost")) == twice);
  CHECK(judge(with("Host: h:80", "Host: h:80\r\n folded"))
        == "400 a header has no name, or a blank in it");
  CHECK(judge(with("Host:", "Host :")) == "400 a header has no name, or a blank in it");
  CHECK(judge(with("Host: h", "Host: h\x01")) == "400 a header holds a control character");
  CHECK(judge(with("Host: h", "Host: h\nX: y")) == "400 a header holds a control character");
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += "X: y\r\n";
  CHECK(judge(with("Host", many + "Host")) == "400 there are more than 100 headers");
}

TEST_CASE("an answer counts if it belongs to our key and promises nothing else") {
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\n") == "masked");
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\nNats-No-Masking: true\r\n") == "unmasked");
  CHECK(answer("Sec-WebSocket-Accept: other=\r\n") == "its answer does not belong to our key");
  CHECK(answer("") == "its answer does not belong to our key");
  CHECK(answer("", "404 Not Found") == "it answers HTTP status 404 rather than 101");
  CHECK(answer("", "1") == "it answers no HTTP/1.1");
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n")
        == "its answer names an extension that we did not ask for");
  CHECK(parse_websocket_answer("INFO {}\r\n\r\n", "ok=").problem == "it answers no HTTP/1.1");
}

TEST_CASE("origins are compared by scheme, host and port") {
  CHECK(parse_web_origin("https://Host") == parse_web_origin("https://host:443"));
  CHECK(parse_web_origin("http://host") == origin_of_host("host:80", false));
  CHECK(parse_web_origin("https://host:8443") == origin_of_host("HOST:8443", true));
  CHECK(parse_web_origin("http://host") != origin_of_host("host", true));
  CHECK(parse_web_origin("https://[::1]:8443") == origin_of_host("[::1]:8443", true));
  for (const auto* none : {"", "null", "host", "ftp://host", "http://", "http://a:b", "http://a b",
                           "http://[::1", "http://u@h", "http://h:"})
    CHECK_MESSAGE(parse_web_origin(none).scheme.empty(), none);
}
