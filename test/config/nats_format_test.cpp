// test/config/nats_format_test.cpp: nats-server's language, value by value and cut at every byte.
#include "config/nats_format.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace troupe::config;

namespace {

/// The tree as JSON, or the error.
std::string heard(std::string_view text, const nats_sources& sources = {}) {
  auto [root, error] = parse_nats(text, "f", sources);
  return error.empty() ? to_json(root) : error;
}

nats_sources with(std::map<std::string, std::string> files,
                  std::map<std::string, std::string> env) {
  auto find = [](auto map) {
    return [map](const std::string& name) -> std::optional<std::string> {
      auto found = map.find(name);
      return found == map.end() ? std::nullopt : std::optional{found->second};
    };
  };
  return {find(std::move(files)), find(std::move(env))};
}

struct sample {
  std::string_view text;
  std::string_view heard; // JSON or an error
};

} // namespace

TEST_CASE("each form of a value becomes what nats-server makes of it") {
  // Digests of these were compared with those of nats-server 2.15.2.
  constexpr sample samples[] = {
      {"x: 5", R"({"x":5})"},
      {"x 5", R"({"x":5})"},
      {"x=5;y=6", R"({"x":5,"y":6})"},
      {"x=5,y=6", R"({"x":5,"y":6})"},
      {"x: ", R"({"x":""})"},
      {"\"x y\": 1", R"({"x y":1})"},
      {"{\"port\": 4222}", R"({"port":4222})"},
      {"{\"port\": 4222,\n}\n", R"({"port":4222})"},
      {"x: 5k", R"({"x":5000})"},
      {"x: 1kb", R"({"x":1024})"},
      {"x: 1KiB", R"({"x":1024})"},
      {"x: -2mb", R"({"x":-2097152})"},
      {"x: 1.5", R"({"x":1.5})"},
      {"x: 1.50", R"({"x":1.5})"},
      {"x: 0.0000001", R"({"x":1e-7})"},
      {"x: 123456789012345678901.5", R"({"x":123456789012345680000})"},
      {"x: 12a4", R"({"x":"12a4"})"},
      {"x: 1m30s", R"({"x":"1m30s"})"},
      {"x: 10.0.0.1", R"({"x":"10.0.0.1"})"},
      {"x: 127.0.0.1:-1", R"({"x":"127.0.0.1:-1"})"},
      {"x: 2020-01-02T03:04:05Z", R"({"x":"2020-01-02T03:04:05Z"})"},
      {"x: null", R"({"x":"null"})"},
      {"x: Yes\ny: OFF", R"({"x":true,"y":false})"},
      {"x: yesx", R"({"x":"yesx"})"},
      {"x: \"a\\tb\\x41\"", R"({"x":"a\tbA"})"},
      {"x: 'a\\tb'", R"({"x":"a\\tb"})"},
      {"x: \"<&>\"", R"({"x":"\u003c\u0026\u003e"})"},
      {"x: \"\\xff\"", R"({"x":"\ufffd"})"},
      {"x: (\nabc\n)", R"({"x":"\nabc\n"})"},
      {"x: []", R"({"x":[]})"},
      {"x: [a, b,]", R"({"x":["a","b"]})"},
      {"x: [a\nb]", R"({"x":["a","b"]})"},
      {"x: [5k]", R"({"x":["5k"]})"},
      {"x: {a: 1, b: [x, y], c: {d: no}}", R"({"x":{"a":1,"b":["x","y"],"c":{"d":false}}})"},
      {"x: {a 1; b 2}", R"({"x":{"a":1,"b":2}})"},
      {"x {\na: 1 // c\n# d\nb: 2}", R"({"x":{"a":1,"b":2}})"},
      {"x: 1\nx: 2", R"({"x":2})"},
      {"x: $2a$10$abc", R"({"x":"$2a$10$abc"})"},
      {"authorization{token:x}", R"({"authorization{token":"x"})"},
  };
  for (auto& one : samples)
    CHECK_MESSAGE(heard(one.text) == one.heard, one.text);
}

TEST_CASE("a syntax error is told as nats-server tells it, with its line") {
  constexpr sample samples[] = {
      {"port:\n", "Parse error on line 2: 'Expected value but found new line'"},
      {"port", "config is invalid (f:1:4)"},
      {"port 4222 debug true", "Parse error on line 1: 'Expected a top-level value to end with a "
                               "new line, comment or EOF, but "
                               "got 'd' instead.'"},
      {"max: 1.5MB", "Parse error on line 1: 'Expected a top-level value to end with a new line, "
                     "comment or EOF, but "
                     "got 'M' instead.'"},
      {"a: [1 2]",
       "Parse error on line 1: 'Expected an array value terminator \",\" or an array terminator "
       "\"]\", but got '2' instead.'"},
      {"a: [,1]", "Parse error on line 1: 'Unexpected array value terminator ','.'"},
      {"a: {b: 1 c: 2}", "Parse error on line 1: 'Expected a map value terminator \",\" or a map "
                         "terminator \"}\", but "
                         "got 'c' instead.'"},
      {"{\"a\": 1,\n", "Parse error on line 2: 'Unexpected EOF processing map.'"},
      {"a: {b: 1\n", "Parse error on line 2: 'Unexpected EOF processing map.'"},
      {"a: \"abc\n", "Parse error on line 2: 'Unexpected EOF.'"},
      {"a: 'abc\n", "Parse error on line 2: 'Unexpected EOF.'"},
      {"a: (\nabc\n", "Parse error on line 3: 'Unexpected EOF processing block.'"},
      {"a: $NOPE\n", "variable reference for 'NOPE' on line 1 can not be found"},
      {"a: -foo\n", "Parse error on line 1: 'Expected a digit but got 'f'.'"},
      {"a: .5\n", "Parse error on line 1: 'Floats must start with a digit, not '.'.'"},
      {"a: 12-34\n", "Parse error on line 1: 'All ISO8601 dates must be in full Zulu form.'"},
      {"a: \"\\q\"",
       "Parse error on line 1: 'Invalid escape character 'q'. Only the following escape characters "
       "are allowed: \\xXX, \\t, \\n, \\r, \\\", \\\\.'"},
      {"a: 1kbb", "Parse error on line 1: 'Number '1kbb' has an unknown suffix; use k, kb, kib, m, "
                  "mb, mib, g, "
                  "gb, gib, t, p or e.'"},
      {"a: 9223372036854775808",
       "Parse error on line 1: 'Integer '9223372036854775808' is out of the range.'"},
      {"include nope.conf\n",
       "error parsing include file 'nope.conf', open nope.conf: no such file or directory"},
  };
  for (auto& one : samples)
    CHECK_MESSAGE(heard(one.text) == one.heard, one.text);
}

TEST_CASE("a variable is looked for in its map, then outwards, then in the environment") {
  auto sources =
      with({}, {{"PORT", "4555"}, {"TWICE", "$PORT"}, {"LOOP", "$LOOP"}, {"TWO", "a b"}});
  CHECK(heard("a: 1\nb: {a: 2, c: $a}\nd: $a", sources) == R"({"a":1,"b":{"a":2,"c":2},"d":1})");
  CHECK(heard("a: {x: 1}\nb: {c: $a}", sources) == R"({"a":{"x":1},"b":{"c":{"x":1}}})");
  CHECK(heard("p: $PORT", sources) == R"({"p":4555})");
  CHECK(heard("p: $TWICE", sources) == R"({"p":4555})");
  CHECK(heard("p: $LOOP", sources)
        == "environment variable 'LOOP' is no configuration value: variable reference cycle for "
           "'LOOP'");
  CHECK(heard("p: $TWO", sources).starts_with("environment variable 'TWO' is no configuration"));
  CHECK(heard("a: $b\nb: 1", sources) == "variable reference for 'b' on line 1 can not be found");
}

TEST_CASE("an include is merged where it stands and lends its keys to the lines below") {
  auto sources = with({{"d/one.conf", "a: 1\nb: 2"},
                       {"d//abs.conf", "c: 3"},
                       {"d/loop.conf", "include loop.conf"},
                       {"d/bad.conf", "x: ["}},
                      {});
  auto read = [&](std::string_view text) {
    auto [root, error] = parse_nats(text, "d/main.conf", sources);
    return error.empty() ? to_json(root) : error;
  };
  CHECK(read("include one.conf\nx: $b") == R"({"a":1,"b":2,"x":2})");
  CHECK(read("x { include 'one.conf' }") == R"({"x":{"a":1,"b":2}})");
  CHECK(read("include \"/abs.conf\"") == R"({"c":3})");
  CHECK(read("include: 5") == R"({"include":5})");
  CHECK(read("include loop.conf").find("nest deeper than 10 files") != std::string::npos);
  CHECK(read("include bad.conf").starts_with("error parsing include file 'bad.conf', Parse error"));
}

TEST_CASE("a key remembers its line and its bytes since the newline") {
  auto root = parse_nats("a: 1\n  b: {\n\tc: 2 }", "f").root;
  REQUIRE(root.members.size() == 2);
  CHECK(to_string(root.members[0].where) == "f:1:0");
  CHECK(to_string(root.members[1].where) == "f:2:3");
  CHECK(to_string(root.members[1].val.members.at(0).where) == "f:3:2");
}

TEST_CASE("the digest is that of the content, not of its spelling") {
  auto of = [](std::string_view text) { return digest(parse_nats(text, "f").root); };
  auto port = "sha256:797533ebd0dfba7d34a0f9337ecf147e442871f48ddfd07ed751575a5737267e";
  CHECK(of("port: 4222\n") == port);
  CHECK(of("{\"port\": 4222}") == port);
  CHECK(of("port=4222 # c") == port);
  CHECK(of("PORT: 4222") != port);
  CHECK(of("max_payload: 1MB") == of("max_payload: 1048576"));
}

TEST_CASE("a text cut at any byte ends in a tree or an error, never worse") {
  std::string_view text = "a: {b: [1, \"x\\x41\", 'y', (\nq\n)], c: $v}\nd: 2020-01-02T03:04:05Z\n"
                          "include 'x'\ne: 1.5.6 // c\nf: -5kib; g: $2a$x, {h: yes}";
  auto sources = with({{"x", "v: 1"}}, {{"v", "7"}});
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    auto [root, error] = parse_nats(text.substr(0, cut), "f", sources);
    CHECK(root.kind == value::type::map);
    CHECK_FALSE(digest(root).empty());
  }
}

TEST_CASE("what would exhaust stack or memory is an error") {
  CHECK(heard("a: " + std::string(5000, '[')).find("nest deeper than 100") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 5000; ++i)
    deep += "a: {";
  CHECK(heard(deep).find("nest deeper than 100") != std::string::npos);
  std::string bomb = "a0: [x, x, x, x, x, x, x, x, x, x]\n"; // a billion of values, if let
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": [";
    for (int j = 0; j < 10; ++j)
      bomb += "$a" + std::to_string(i - 1) + " ,";
    bomb += "]\n";
  }
  CHECK(heard(bomb).find("More than 1000000 values") != std::string::npos);
}
