// test/protocol/client_parser_test.cpp: what the client's byte stream is cut into.
#include "test/protocol/parser_journal.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using protocol::errc;
using test::replay;

namespace {

std::string whole(std::string_view wire, const protocol::parser_limits& limits = {}) {
  return replay(wire, wire.size(), limits);
}

std::string violation(errc code) {
  return "violation " + std::to_string(static_cast<int>(code)) + ";";
}

} // namespace

TEST_CASE("every operation is the same operation wherever TCP cuts it") {
  std::string_view wire = "CONNECT {\"verbose\":false}\r\n"
                          "PUB orders.new 5\r\nhello\r\n"
                          "pub\torders.new  inbox.1 \t 0  \r\n\r\n"
                          "HPUB h.1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"
                          "HPUB h.1 r 12 12\r\nNATS/1.0\r\n\r\n\r\n"
                          "SUB a.* 1\r\nSub a.> workers 2\n"
                          "UNSUB 1\r\nuNsUb 2 7\r\n"
                          "PING\r\nPONG\r\n+OK\r\nINFO {}\r\n-ERR 'x'\r\n";
  auto expected = whole(wire);
  CHECK(expected
        == "connect {\"verbose\":false};pub orders.new=hello;pub orders.new reply inbox.1=;"
           "hpub h.1 head 12=NATS/1.0\r\n\r\nhi;hpub h.1 reply r head 12=NATS/1.0\r\n\r\n;"
           "sub a.* as 1;sub a.> queue workers as 2;unsub 1;unsub 2 max 7;"
           "ping;pong;info {};err 'x';");
  for (size_t cut = 0; cut <= wire.size(); ++cut)
    CHECK_MESSAGE(replay(wire, cut) == expected, "cut at " << cut);
}

TEST_CASE("a stream is refused at the first byte that no verb begins with") {
  for (auto wire :
       {"GET / HTTP/1.1\r\n", "\r\n", " PING\r\n", "SUX", "PUX a 1\r\n", "MSG a 1 0\r\n", "HMSG",
        "RS+ a b\r\n", "A+ x\r\n", "LS+ x\r\n", "PUB\r\n", "SUB\r\n"})
    CHECK_MESSAGE(whole(wire) == violation(errc::unknown_operation), wire);
  CHECK(whole("PI").empty());
  CHECK(whole("h").empty());
}

TEST_CASE("a control line of exactly the limit passes, one byte more does not") {
  protocol::parser_limits limits{16, 1024};
  CHECK(whole("SUB aaaaaaaaaaaaaa 1\r\n", limits) == "sub aaaaaaaaaaaaaa as 1;");
  CHECK(whole("SUB aaaaaaaaaaaaaaa 1\r\n", limits) == violation(errc::control_line_too_long));
  CHECK(whole("PUB aaaaaaaaaaaaaa 1\r\nx\r\n", limits) == "pub aaaaaaaaaaaaaa=x;");
  CHECK(whole("PUB aaaaaaaaaaaaaaa 1\r\nx\r\n", limits) == violation(errc::control_line_too_long));
  CHECK(whole("SUB aaaaaaaaaaaaaaaaaaaa", limits) == violation(errc::control_line_too_long));
  CHECK(whole("CONNECT {\"name\":\"0123456789\"}", limits)
        == violation(errc::control_line_too_long));
}

TEST_CASE("a payload is refused on its control line, before it arrives") {
  protocol::parser_limits limits{4096, 8};
  CHECK(whole("PUB a 9\r\n", limits) == violation(errc::payload_too_large));
  CHECK(whole("HPUB a 2 9\r\n", limits) == violation(errc::payload_too_large));
  CHECK(whole("PUB a 8\r\n12345678\r\n", limits) == "pub a=12345678;");
  limits.max_payload = -1;
  CHECK(whole("PUB a 9\r\n123456789\r\n", limits) == "pub a=123456789;");
}

TEST_CASE("sizes are one to nine digits and nothing else") {
  for (auto size : {"-1", "+1", "1x", "1234567890", "0x1", "", "1.0"})
    CHECK_MESSAGE(whole("PUB a " + std::string{size} + "\r\nx\r\n")
                      == violation(errc::malformed_arguments),
                  size);
  CHECK(whole("PUB a 0001\r\nx\r\n") == "pub a=x;");
  CHECK(whole("HPUB a 3 2\r\nxx\r\n") == violation(errc::malformed_arguments));
}

TEST_CASE("wrong numbers of arguments are malformed") {
  for (auto wire : {"PUB a\r\n", "PUB a b c 1\r\n", "SUB a\r\n", "SUB a b c d\r\n", "UNSUB \r\n",
                    "UNSUB 1 2 3\r\n", "HPUB a 1\r\n", "HPUB a b c 1 1\r\n", "PUB  \r\n"})
    CHECK_MESSAGE(whole(wire) == violation(errc::malformed_arguments), wire);
}

TEST_CASE("a payload ends with CR LF and nothing less") {
  CHECK(whole("PUB a 1\r\nx\n\n") == violation(errc::unknown_operation));
  CHECK(whole("PUB a 1\r\nxyz\r\n") == violation(errc::unknown_operation));
}

TEST_CASE("an unfinished publish says how many bytes it will have") {
  test::parser_journal journal;
  protocol::parser_limits limits;
  protocol::client_parser<test::parser_journal> parser{journal, limits};
  auto progress = parser.parse("PING\r\nPUB a 100\r\nabc");
  CHECK(progress.used == 6);
  CHECK(progress.wanted == 11 + 100 + 2);
  CHECK(journal.text == "ping;");
}

TEST_CASE("HPUB needs a client that said it knows headers") {
  test::parser_journal journal;
  journal.headers = false;
  protocol::parser_limits limits;
  protocol::client_parser<test::parser_journal> parser{journal, limits};
  parser.parse("HPUB a 0 0\r\n\r\n");
  CHECK(journal.text == violation(errc::malformed_arguments));
}

TEST_CASE("a header block of no bytes makes a plain message") {
  CHECK(whole("HPUB a 0 2\r\nhi\r\n") == "pub a=hi;");
}

TEST_CASE("the first byte of a silent peer is asked about before anything is parsed") {
  test::parser_journal journal;
  journal.silent_peer = true;
  protocol::parser_limits limits;
  protocol::client_parser<test::parser_journal> parser{journal, limits};
  parser.parse("PUB a 1\r\nx\r\n");
  CHECK(journal.text == "first P;pub a=x;");
}
