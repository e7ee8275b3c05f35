// test/federation/proxy_way_test.cpp: what a proxy is asked, and what counts as its yes.
#include "federation/proxy_way.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::federation;
using enum troupe::federation::proxy_answer::verdict;

namespace {

/// All of `wire` in pieces of `size`; `rest`: what was left to the server behind the proxy.
proxy_answer::verdict hear(proxy_answer& by, std::string_view wire, size_t size,
                           std::string* rest = nullptr) {
  auto found = unfinished;
  while (found == unfinished && !wire.empty()) {
    size_t used = 0;
    found = by.read(wire.substr(0, size), used);
    wire.remove_prefix(used);
  }
  if (rest)
    *rest = wire;
  return found;
}

} // namespace

TEST_CASE("a proxy that says 200 is open, and what follows its answer is left to the server") {
  std::string_view wire = "HTTP/1.1 200 Connection established\r\nVia: px\r\n\r\nINFO {}\r\n";
  for (size_t size = 1; size <= wire.size(); ++size) {
    CAPTURE(size);
    proxy_answer answer;
    std::string rest;
    CHECK(hear(answer, wire, size, &rest) == open);
    CHECK(rest == "INFO {}\r\n");
  }
}

TEST_CASE("whatever else a proxy says is a reason in its own words, cut to length") {
  auto said = [](const std::string& wire) {
    proxy_answer answer;
    CHECK(hear(answer, wire, 4096) == refused);
    return answer.problem();
  };
  CHECK(said("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        == "it refused: 407 Proxy Authentication Required");
  CHECK(said("HTTP/1.0 200OK\r\n\r\n") == "it refused: 200OK");
  CHECK(said("INFO {\"server_id\":\"X\"}\r\n\r\n") == "it is no HTTP proxy");
  CHECK(said("HTTP/1.1 500 " + std::string(1000, 'x') + "\r\n\r\n").size() < 220);
  CHECK(said(std::string(64 * 1024, 'x')) == "its answer has no end");
}

TEST_CASE("of a proxy that quotes what it was told the log has the status alone") {
  auto logged = [](const std::string& status, const std::string& login) {
    proxy_answer answer;
    CHECK(hear(answer, "HTTP/1.1 " + status + "\r\n\r\n", 4096) == refused);
    return answer.problem_without(login);
  };
  const std::string login = "factory:open sesame";
  CHECK(logged("407 Not by ZmFjdG9yeTpvcGVuIHNlc2FtZQ==", login) == "it refused: 407 [REDACTED]");
  CHECK(logged("403 open sesame is wrong", login) == "it refused: 403 [REDACTED]");
  CHECK(logged("open sesame", login) == "it refused:  [REDACTED]");
  CHECK(logged("500 " + std::string(194, 'x') + "open sesame", login) // else it would be cut
        == "it refused: 500 [REDACTED]");
  CHECK(logged("403 factory may not", login) == "it refused: 403 factory may not");
  CHECK(logged("403 Forbidden", "") == "it refused: 403 Forbidden");
}

TEST_CASE("a proxy is told the place, and who asks if it has to know") {
  std::string problem;
  auto open_to_all = read_proxy({"http://px.example", "", "", {}}, problem);
  CHECK(problem.empty());
  CHECK(open_to_all.host == "px.example");
  CHECK(open_to_all.port == 80);
  CHECK(connect_request(open_to_all, "hub:7422")
        == "CONNECT hub:7422 HTTP/1.1\r\nHost: hub:7422\r\n\r\n");
  auto closed = read_proxy({"http://[::1]:3128", "factory", "open sesame", {}}, problem);
  CHECK(problem.empty());
  CHECK(closed.host == "::1");
  CHECK(closed.port == 3128);
  CHECK(connect_request(closed, "[2001:db8::1]:443")
        == "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n"
           "Proxy-Authorization: Basic ZmFjdG9yeTpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

TEST_CASE("a proxy that cannot be used is a problem that tells no password") {
  for (const auto* url :
       {"https://px:3128", "ftp://px:3128", "http://:3128", "http://a:secret@px:3128", "px:3128"}) {
    CAPTURE(url);
    std::string problem;
    read_proxy({url, "", "", {}}, problem);
    CHECK_FALSE(problem.empty());
    CHECK(problem.find("secret") == std::string::npos);
  }
}
