// test/protocol/quote_test.cpp: what a peer said, as a log shows it.
#include "protocol/one_line.hpp"

#include <doctest/doctest.h>

using namespace troupe::protocol;

TEST_CASE("what is quoted ends where its quotes end") {
  CHECK(quoted("orders.new") == R"("orders.new")");
  CHECK(quoted(R"(a"b\c)") == R"("a\"b\\c")");
  CHECK(quoted("") == R"("")");
}

TEST_CASE("a sentence with quoted parts keeps them, and stays one line of text") {
  auto sentence = "the subject " + quoted("a\"\n") + " has a blank";
  CHECK(on_one_line(sentence) == R"(the subject "a\"\x0a" has a blank)");
  CHECK(on_one_line("one\ntwo\x1b[31m\xff \u00e9") == "one\\x0atwo\\x1b[31m\\xff \u00e9");
  CHECK(on_one_line("four", 3) == "fou\u2026");
}
