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
  auto head = with("Host", "Nats-No-Masking: true\r\nOrigin: https://a\r\nContent-Length: 0\r\n"
                           "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 10.0.0.1\r\nHost");
  auto parsed = parse_websocket_request(head);
  const auto& request = std::get<websocket_request>(parsed);
  CHECK(request.no_masking);
  CHECK(request.origin == "https://a");
  CHECK(request.forwarded_for == "203.0.113.7");
  CHECK(request.host == "h:80");
  CHECK(request.key == "dGhlIHNhbXBsZSBub25jZQ==");
}

TEST_CASE("a head is looked at when its empty line is there") {
  CHECK(http_head_size(good) == good.size());
  CHECK(http_head_size(good + "more") == good.size());
  for (size_t cut = 0; cut < good.size(); ++cut) {
    CHECK(http_head_size(good.substr(0, cut)) == 0);
    CHECK_MESSAGE(http_head_size(good, cut) == good.size(), "looked at before: " << cut);
  }
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

TEST_CASE("a cookie is found by its whole name, without quotes, and the last of several counts") {
  auto request =
      with("Host: h:80", "Cookie: a=1; jwt=\"ey.J\"; b = x=y \r\nHost: h:80\r\ncookie: a=2;c;d=");
  auto parsed = parse_websocket_request(request); // it goes on to lie there
  const auto& cookies = std::get<websocket_request>(parsed).cookies;
  CHECK(cookies.size() == 2);
  CHECK(find_cookie(cookies, "a") == "2");
  CHECK(find_cookie(cookies, "jwt") == "ey.J");
  CHECK(find_cookie(cookies, "b") == "x=y");
  for (auto none : {"A", "jw", "c", "d", "", "e"})
    CHECK(find_cookie(cookies, none).empty());
  CHECK_MESSAGE(find_cookie({"a=\"\"", "a=b\\c", "a=\xff"}, "a").empty(), "no value of a cookie");
}

TEST_CASE("an offer of compression is taken if it leaves the details to us") {
  auto offers = [](const std::string& value) {
    auto parsed = parse_websocket_request(
        with("Host: h:80", "Host: h:80\r\nSec-WebSocket-Extensions: " + value));
    return std::get<websocket_request>(parsed).deflate;
  };
  CHECK(offers("permessage-deflate"));
  CHECK(offers("x-other, Permessage-Deflate; client_max_window_bits"));
  CHECK(offers("permessage-deflate; server_max_window_bits=10, permessage-deflate"));
  CHECK(offers("permessage-deflate; server_no_context_takeover; client_no_context_takeover"));
  CHECK_FALSE(offers("permessage-deflate; server_max_window_bits=10"));
  CHECK_FALSE(offers("permessage-deflat"));
  CHECK_FALSE(offers(";permessage-deflate"));
  CHECK_FALSE(offers(""));
}

TEST_CASE("an answer grants compression in the way that was asked for, or not at all") {
  auto said = [](const std::string& value, bool asked) {
    auto out = parse_websocket_answer(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ok=\r\n"
            + (value.empty() ? "" : "Sec-WebSocket-Extensions: " + value + "\r\n") + "\r\n",
        "ok=", asked);
    return out.problem.empty() ? (out.deflate ? "yes" : "no") : "problem";
  };
  const std::string all =
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  CHECK(said(all, true) == "yes"s);
  CHECK(said("", true) == "no"s);
  CHECK(said("", false) == "no"s);
  CHECK(said(all, false) == "problem"s);
  CHECK(said("permessage-deflate; server_no_context_takeover", true) == "problem"s);
  CHECK(said(all + "; client_max_window_bits=9", true) == "problem"s);
  CHECK(said(all + ", x-other", true) == "problem"s);
}

TEST_CASE("a header that decides over the upgrade is not an operator's to set") {
  for (auto name : {"Host", "content-length", "CONNECTION", "Upgrade", "nats-no-masking",
                    "Sec-WebSocket-Accept", "sec-websocket-", "", "a b", "a:b"})
    CHECK_FALSE(fault_of_answer_header(name, "x").empty());
  CHECK_FALSE(fault_of_answer_header("X-One", "a\r\nX-Two: b").empty());
  CHECK(fault_of_answer_header("Strict-Transport-Security", "max-age=1; preload").empty());
  CHECK(fault_of_answer_header("Sec-Fetch", "").empty());
}

TEST_CASE("an answer counts if it belongs to our key and promises nothing else") {
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\n") == "masked");
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\nNats-No-Masking: true\r\n") == "unmasked");
  CHECK(answer("Sec-WebSocket-Accept: other=\r\n") == "its answer does not belong to our key");
  CHECK(answer("") == "its answer does not belong to our key");
  CHECK(answer("", "404 Not Found") == "it answers HTTP status 404 rather than 101");
  CHECK(answer("", "1") == "it answers no HTTP/1.1");
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\n", "1010 Odd") == "it answers no HTTP/1.1");
  CHECK(answer("Sec-WebSocket-Accept: ok=\r\n", "101") == "masked");
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
