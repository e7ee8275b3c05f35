// test/e2e/case_format_test.cpp: what the case format promises to authors of cases.
#include "case_file.hpp"
#include "differences.hpp"
#include "escapes.hpp"
#include "info_subset.hpp"
#include "server_process.hpp"

#include <fstream>
#include <stdexcept>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;

std::filesystem::path written(const scratch_folder& folder, const std::string& text) {
  auto file = folder.path() / "some.case";
  std::ofstream{file} << text;
  return file;
}

std::string complaint_about(const std::string& text) {
  scratch_folder folder;
  try {
    read_case(written(folder, text), "some");
  } catch (const std::runtime_error& wrong) {
    std::string what = wrong.what();
    return what.substr(what.find("some.case"));
  }
  return "none";
}
} // namespace

TEST_CASE("escapes and repetitions become bytes") {
  CHECK(unescape("a\\r\\n\\x41\\\\\\\"") == "a\r\nA\\\"");
  CHECK(unescape("<${3*ab}>") == "<ababab>");
  CHECK(unescape("${2*x${2*\\n}}") == "x\n\nx\n\n");
  CHECK(unescape("$SYS {}") == "$SYS {}");
  CHECK_THROWS_AS(unescape("${3*ab"), std::invalid_argument);
  CHECK_THROWS_AS(unescape("${many*ab}"), std::invalid_argument);
  CHECK_THROWS_AS(unescape("\\xzz"), std::invalid_argument);
}

TEST_CASE("a transcript shows unprintable bytes and says how long a cut text was") {
  CHECK(printable("a\r\n\x01\xff") == "a\\r\\n\\x01\\xff");
  CHECK(printable("abcdef", 3) == "abc... (6 bytes)");
}

TEST_CASE("a case is read with its title, configuration and steps") {
  scratch_folder folder;
  auto got = read_case(written(folder, "# cats purr\nconfig\n  port: 1\n  a { b: c }\ndeadline 9s\n"
                                       "client a, b: quiet tls\n\n# a remark\na> SUB foo 1\n"
                                       "a<{\n  x\n  y z\n}\n20 of a, b< MSG\na<? x || y\n"),
                       "some");
  CHECK(got.title == "cats purr");
  CHECK(got.config == "  port: 1\n  a { b: c }\n");
  CHECK(got.deadline == std::chrono::seconds{9});
  REQUIRE(got.steps.size() == 5);
  CHECK(got.steps[0].what == action::connect);
  CHECK(got.steps[0].who == std::vector<std::string>{"a", "b"});
  CHECK(got.steps[0].text == "quiet tls");
  CHECK(got.steps[1].what == action::send);
  CHECK(got.steps[1].line == 9);
  CHECK(got.steps[2].items == std::vector<std::string>{"x", "y z"});
  CHECK(got.steps[3].count == 20);
  CHECK(got.steps[4].items == std::vector<std::string>{"x", "y"});
}

TEST_CASE("what cannot be read is named with file and line") {
  CHECK(complaint_about("no title\n").starts_with("some.case:1: the first line"));
  CHECK(complaint_about("# t\nclient a\na ponders\n") == "some.case:3: cannot read: a ponders");
  CHECK(complaint_about("# t\na>raw PING\n") == "some.case:2: expected text in double quotes");
  CHECK(complaint_about("# t\ndeadline 5\n") == "some.case:2: a duration needs ms or s: 5");
}

TEST_CASE("a case that ends the server has to say with what it exits") {
  for (const std::string name : {"TERM", "INT"}) {
    CAPTURE(name);
    auto complaint = "some.case:3: signal " + name + " needs 'server exits N' after it";
    CHECK(complaint_about("# t\nclient a\nsignal " + name + "\na< closed\n") == complaint);
    CHECK(complaint_about("# t\nserver exits 0\nsignal " + name + "\n") == complaint);
    CHECK(complaint_about("# t\nsignal " + name + "\na< closed\nserver exits 0\n") == "none");
  }
  CHECK(complaint_about("# t\nsignal USR2\na< INFO {\"ldm\":true}\n") == "none");
}

TEST_CASE("a subset of INFO names the first field that differs") {
  auto info = R"({"port":4222,"name":"x","ldm":true})";
  CHECK(differs_from(info, R"({"port":4222,"name":"~[a-z]","tls":null,"ldm":"~tr.e"})").empty());
  CHECK(differs_from(info, R"({"port":"~[a-z]+"})")
        == R"(INFO has port: 4222 instead of "~[a-z]+")");
  CHECK(differs_from(info, R"({"ldm":null})") == "INFO has ldm: true");
  CHECK(differs_from(info, R"({"headers":true})") == "INFO has no headers");
  CHECK(differs_from("nonsense", "{}") == "INFO is not a JSON object");
}

TEST_CASE("known differences are those of the one who is asked for") {
  scratch_folder folder;
  auto file = written(folder, "# remark\n2.9 a/b: it is old\n2.9,troupe c/d: so: be it\n");
  CHECK(read_differences(file, "2.9").size() == 2);
  CHECK(read_differences(file, "troupe").at("c/d") == "so: be it");
  CHECK(read_differences(file, "2.15").empty());
  CHECK_THROWS_AS(read_differences(written(folder, "2.9 a/b\n"), "2.9"), std::runtime_error);
}
