// test/cli/arguments_test.cpp: what may be typed on a command line, and what it means.
#include "cli/address.hpp"
#include "cli/duration.hpp"
#include "cli/header_block.hpp"
#include "cli/subject_argument.hpp"

#include <doctest/doctest.h>

using namespace troupe::cli;
using namespace std::chrono_literals;

TEST_CASE("a server URL names scheme, user, host and port") {
  std::vector<server_address> all;
  REQUIRE_FALSE(parse_servers("nats://ann:p%40ss@one:1234, tls://s3cret@two, [::1]:5", all));
  REQUIRE(all.size() == 3);
  CHECK(all[0].show() == "nats://one:1234");
  CHECK(all[0].user == "ann");
  CHECK(all[0].password == "p@ss");
  CHECK(all[1].show() == "tls://two:4222");
  CHECK(all[1].token == "s3cret");
  CHECK(all[2].show() == "nats://[::1]:5");
}

TEST_CASE("what is not a server URL is refused as wrong usage") {
  for (auto text : {"", "http://x", "ws://x", "nats://", "x:0", "x:65536", "x:99999999999", "x:4z",
                    "[::1", "[::1]x", "a,,b"}) {
    std::vector<server_address> all;
    auto wrong = parse_servers(text, all);
    REQUIRE_MESSAGE(wrong, text);
    CHECK(wrong->code == exit_code::usage);
  }
}

TEST_CASE("durations are read with their units and without") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("2") == 2s);
  CHECK(parse_duration("0") == 0s);
  for (auto text : {"", "x", "1x", "-1s", ".", "1s2", "1..2s", "99999999999h"})
    CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("durations are shown with three digits") {
  CHECK(show_duration(77'123ns) == "77.1us");
  CHECK(show_duration(999ns) == "999ns");
  CHECK(show_duration(2010ms) == "2.01s");
}

TEST_CASE("a header block read back has the fields that were written, in order, with doubles") {
  header_list written;
  written.fields = {{"A", "1"}, {"b", ""}, {"A", "2: 3"}};
  auto read = read_header_block(write_header_block(written));
  CHECK(read.status == 0);
  CHECK(read.fields == written.fields);
  CHECK(write_header_block({}).empty());
}

TEST_CASE("the status of a header block is understood") {
  auto gone = read_header_block("NATS/1.0 503\r\nNats-Subject: a\r\n\r\n");
  CHECK(gone.status == 503);
  CHECK(gone.fields.size() == 1);
  CHECK(read_header_block("NATS/1.0 100 Idle Heartbeat\r\n\r\n").description == "Idle Heartbeat");
  CHECK(read_header_block("rubbish").fields.empty());
}

TEST_CASE("a header argument without key or with a line end is refused") {
  std::pair<std::string, std::string> field;
  CHECK(parse_header_argument("K: v:w", field));
  CHECK(field.first == "K");
  CHECK(field.second == "v:w");
  for (auto text : {"", "K", ":v", " :v", "K:a\r\nB:c"})
    CHECK_MESSAGE(!parse_header_argument(text, field), text);
}

TEST_CASE("a subject whose $SYS the shell has eaten gets the hint to quote it") {
  auto wrong = check_subscription_argument(".ACCOUNT.*.CONNECT");
  REQUIRE(wrong);
  CHECK(wrong->hint.find("single quotes") != std::string::npos);
  CHECK(wrong->code == exit_code::usage);
  CHECK_FALSE(check_subscription_argument("$SYS.ACCOUNT.*.CONNECT"));
}

TEST_CASE("one publishes to a subject, not to a wildcard") {
  CHECK(check_publish_argument("a.*"));
  CHECK(check_publish_argument("a b"));
  CHECK(check_publish_argument(""));
  CHECK_FALSE(check_publish_argument("a.b"));
}
