// test/cli/login_test.cpp: what is said at log-in, and how refusals are put into words.
#include "cli/login.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::cli;

namespace {

std::string explained(std::string_view text) {
  connect_options options;
  options.user = "ann";
  server_address where;
  where.host = "h";
  return explain_server_error(text, options, where).text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a refusal says which subject or which user it is about") {
  CHECK(has(explained(R"(Permissions Violation for Publish to "a.b")"), R"(publish to "a.b")"));
  auto sub = explained(R"(Permissions Violation for Subscription to "c.>" using queue "q")");
  CHECK(has(sub, R"(subscribe to "c.>" in the queue group "q")"));
  CHECK(has(explained("Authorization Violation"), R"(user "ann")"));
  CHECK(has(explained("something new"), "something new"));
}

TEST_CASE("nobody listening is answered with the question whether the broker runs") {
  server_address where;
  where.host = "h";
  where.port = 7;
  CHECK(explain_no_connection("Connection refused", true, where).hint
        == "is the broker running at h:7?");
}

TEST_CASE("CONNECT carries the flags' user before the URL's, and a name that is no UTF-8") {
  connect_options options;
  options.name = "\xff";
  server_address where;
  where.user = "url";
  where.password = "p";
  server_info info;
  auto parsed = [&] {
    auto line = write_connect(options, where, info);
    return nlohmann::json::parse(line.substr(8));
  };
  CHECK(parsed()["user"] == "url");
  CHECK(parsed()["no_responders"] == false); // not without headers: servers refuse that
  options.user = "flag";
  info.headers = true;
  CHECK(parsed()["user"] == "flag");
  CHECK(parsed()["no_responders"] == true);
}

TEST_CASE("an INFO of the wrong shape is no INFO, unknown fields and types are passed over") {
  server_info info;
  CHECK_FALSE(read_info("[]", info));
  CHECK_FALSE(read_info("{", info));
  CHECK(read_info(R"({"max_payload":7,"headers":true,"version":3,"new":{}})", info));
  CHECK(info.max_payload == 7);
  CHECK(info.headers);
  CHECK(info.version.empty());
}
