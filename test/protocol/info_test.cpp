// test/protocol/info_test.cpp: what INFO tells a client.
#include "protocol/info.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::protocol;

namespace {

nlohmann::json parse_info(const std::string& line) {
  REQUIRE(line.starts_with("INFO {"));
  REQUIRE(line.ends_with("} \r\n"));
  return nlohmann::json::parse(line.substr(5, line.size() - 8));
}

} // namespace

TEST_CASE("INFO is one line and leaves out what has no value") {
  server_info server;
  server.server_id = "NABC";
  server.server_name = "n1";
  server.version = "2.15.1";
  server.host = "127.0.0.1";
  server.port = 4222;
  server.max_payload = 1024;
  auto info = parse_info(
      info_line(server, {.client_id = 7, .client_ip = "::1", .nonce = {}, .account = {}}));
  CHECK(info["client_id"] == 7);
  CHECK(info["client_ip"] == "::1");
  CHECK(info["headers"] == true);
  CHECK(info["proto"] == 1);
  for (auto absent : {"auth_required", "tls_required", "nonce", "cluster", "connect_urls", "ldm",
                      "connect_info", "remote_account"})
    CHECK_MESSAGE(!info.contains(absent), absent);
}

TEST_CASE("the INFO after CONNECT says in which account the client landed") {
  server_info server;
  client_info client{
      .client_id = 1, .client_ip = {}, .nonce = {}, .after_connect = true, .account = "$G"};
  auto info = parse_info(info_line(server, client));
  CHECK(info["connect_info"] == true);
  CHECK(info["remote_account"] == "$G");
}

TEST_CASE("a name that is no UTF-8 does not break INFO") {
  server_info server;
  server.server_name = "n\xff";
  CHECK(parse_info(info_line(server, {}))["server_name"].is_string());
}
