// test/protocol/connect_test.cpp: what CONNECT may say.
#include "protocol/connect.hpp"

#include <doctest/doctest.h>

using namespace troupe::protocol;

TEST_CASE("an empty CONNECT keeps the defaults of a client that never sent one") {
  connect_options c;
  CHECK(parse_connect("{}", c) == errc::none);
  CHECK(c.verbose);
  CHECK(c.pedantic);
  CHECK(c.echo);
  CHECK_FALSE(c.headers);
  CHECK(c.protocol == 0);
}

TEST_CASE("known fields are taken in any case and unknown ones are ignored") {
  connect_options c;
  CHECK(parse_connect(R"({"VERBOSE":false,"Name":"x","novel":{"a":[1]},"protocol":1})", c)
        == errc::none);
  CHECK_FALSE(c.verbose);
  CHECK(c.name == "x");
  CHECK(c.protocol == 1);
}

TEST_CASE("a second CONNECT keeps what it does not mention") {
  connect_options c;
  REQUIRE(parse_connect(R"({"name":"a","verbose":false})", c) == errc::none);
  REQUIRE(parse_connect(R"({"lang":"c"})", c) == errc::none);
  CHECK(c.name == "a");
  CHECK_FALSE(c.verbose);
  CHECK(c.lang == "c");
}

TEST_CASE("text that is no object, or a field of another type, changes nothing") {
  for (auto bad : {"", "[]", "1", "{", "{\"verbose\":1}", "{\"name\":5}", "{\"protocol\":\"1\"}",
                   "{\"protocol\":1.5}", "{\"user\":{}}", "{} x", "nonsense"}) {
    connect_options c;
    c.name = "before";
    CHECK_MESSAGE(parse_connect(bad, c) == errc::malformed_connect, bad);
    CHECK(c.name == "before");
  }
}

TEST_CASE("a thousand nested arrays are no object of ours and no crash") {
  connect_options c;
  CHECK(parse_connect(std::string(100000, '['), c) == errc::malformed_connect);
  CHECK(parse_connect("{\"x\":" + std::string(50000, '[') + std::string(50000, ']') + "}", c)
        == errc::none);
}

TEST_CASE("text that is no UTF-8 and half a surrogate pair are replaced, not refused") {
  connect_options c;
  CHECK(parse_connect("{\"name\":\"a\xff\"}", c) == errc::none);
  CHECK(c.name == "a\xef\xbf\xbd");
  CHECK(parse_connect("{\"name\":\"\\ud800\"}", c) == errc::none);
  CHECK(c.name == "\xef\xbf\xbd");
  CHECK(parse_connect("{\"name\":\"\\ud83d\\ude00\xff\"}", c) == errc::none);
  CHECK(c.name == "\xf0\x9f\x98\x80\xef\xbf\xbd");
}

TEST_CASE("CONNECT null keeps every field") {
  connect_options c;
  c.name = "before";
  CHECK(parse_connect("null", c) == errc::none);
  CHECK(c.name == "before");
}
