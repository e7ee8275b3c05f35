// test/protocol/server_parser_test.cpp: what a client may rely on when it reads a server's stream.
#include "protocol/server_parser.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::protocol;

namespace {

struct journal {
  std::string text;
  bool is_broken = false;
  void on_info(std::string_view json) { add("info ", json); }
  void on_message(const server_message& msg) {
    text += "msg " + std::string{msg.subject} + "/" + std::string{msg.sid};
    if (!msg.reply.empty())
      text += ">" + std::string{msg.reply};
    if (!msg.headers.empty())
      text += "[" + std::to_string(msg.headers.size()) + "]";
    add("=", msg.payload);
  }
  void on_ping() { add("ping", ""); }
  void on_pong() { add("pong", ""); }
  void on_ok() { add("ok", ""); }
  void on_err(std::string_view words) { add("err ", words); }
  void on_broken(server_stream_error code) {
    is_broken = true;
    add("broken: ", describe(code));
  }
  void add(std::string_view what, std::string_view more) {
    text.append(what).append(more).append(";");
  }
};

/// Two reads, cut at `cut`, one journal.
std::string replay(std::string_view wire, size_t cut, const server_stream_limits& lim = {}) {
  journal heard;
  std::string buffer{wire.substr(0, cut)};
  buffer.erase(0, parse_server_stream(buffer, lim, heard));
  buffer += wire.substr(cut);
  if (!heard.is_broken)
    parse_server_stream(buffer, lim, heard);
  return heard.text;
}

std::string whole(std::string_view wire, const server_stream_limits& lim = {}) {
  return replay(wire, wire.size(), lim);
}

} // namespace

TEST_CASE("a server's stream cut at any byte is still the same operations") {
  std::string_view wire = "INFO {\"proto\":1} \r\n+OK\r\nMSG a.b 7 5\r\nhe\r\no\r\n"
                          "MSG a 1 re.ply 0\r\n\r\nPING\r\n"
                          "HMSG a 1 rr 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n"
                          "-ERR 'Authorization Violation'\r\nPONG\r\n";
  auto expected = whole(wire);
  CHECK(expected
        == "info {\"proto\":1} ;ok;msg a.b/7=he\r\no;msg a/1>re.ply=;ping;"
           "msg a/1>rr[18]=hi;err Authorization Violation;pong;");
  for (size_t cut = 0; cut <= wire.size(); ++cut)
    CHECK_MESSAGE(replay(wire, cut) == expected, "cut at " << cut);
}

TEST_CASE("two blanks between sid and size mean that there is no reply subject") {
  CHECK(whole("MSG a 1  2\r\nhi\r\n") == "msg a/1=hi;");
  CHECK(whole("HMSG a 1  12 12\r\nNATS/1.0\r\n\r\n\r\n") == "msg a/1[12]=;");
}

TEST_CASE("a size is checked before a byte of the payload is waited for") {
  server_stream_limits lim;
  lim.max_payload = 10;
  CHECK(whole("MSG a 1 11\r\n", lim) == "broken: the server announced a too large payload;");
  CHECK(whole("MSG a 1 10\r\n", lim).empty());
}

TEST_CASE("what no server may send ends the stream with words") {
  auto bad_arguments = "broken: the server sent a message with bad arguments;";
  for (auto wire : {"MSG a 1\r\n", "MSG a 1 b c 3\r\n", "MSG a 1 -3\r\n", "MSG a 1 3x\r\n",
                    "MSG a 1 1234567890\r\n", "HMSG a 1 12\r\n", "HMSG a 1 14 12\r\n",
                    "HMSG a 1 r x 12 12\r\n", "MSG\r\n"})
    CHECK_MESSAGE(whole(wire) == bad_arguments, wire);
  CHECK(whole("MSG a 1 2\r\nhiX\r\n") == "broken: a payload does not end where the server said;");
  for (auto wire : {"PUB a 1\r\nx\r\n", "\r\n", "MSGX a 1 0\r\n\r\n", " PING\r\n"})
    CHECK_MESSAGE(whole(wire) == "broken: the server sent an unknown operation;", wire);
}

TEST_CASE("an endless control line is refused before its end") {
  server_stream_limits lim;
  lim.max_control_line = 20;
  CHECK(whole("INFO {\"aaaaaaaaaaaaaaaaaaaaaaa", lim)
        == "broken: the server sent an endless control line;");
}

TEST_CASE("verbs are understood in any mixture of cases") {
  CHECK(whole("msg a 1 1\r\nx\r\nPiNg\r\n-err 'x'\r\n") == "msg a/1=x;ping;err x;");
}
