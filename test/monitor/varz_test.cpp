// test/monitor/varz_test.cpp: /varz and /healthz, key by key.
#include "monitor/healthz.hpp"
#include "monitor/json_text.hpp"
#include "monitor/varz.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::monitor;
using namespace std::chrono_literals;
using troupe::monitor::test::keys;
using troupe::monitor::test::noon;

namespace {

process_facts now_plus(std::chrono::seconds passed) {
  process_facts out;
  out.now = noon() + passed;
  out.memory = 123456;
  out.cpu = 12.5;
  out.cores = 2;
  out.requests = {{"/varz", 3}, {"/", 1}};
  return out;
}

std::string health(const char* text, bool ready, int& status) {
  std::string fault;
  auto request = read_healthz_request(query{text}, fault);
  if (!fault.empty())
    return fault;
  return json_text(healthz(request, ready, status), layout::compact);
}

} // namespace

TEST_CASE("an idle server's varz has the keys of the reference in its order, and our version") {
  auto out = varz(troupe::monitor::test::server(), now_plus(10s));
  CHECK(keys(out)
        == "server_id server_name troupe version proto go host port max_connections ping_interval "
           "ping_max http_host http_port http_base_path https_port auth_timeout max_control_line "
           "max_payload max_pending cluster gateway leaf mqtt websocket jetstream tls_timeout "
           "write_deadline start now uptime mem cores gomaxprocs cpu connections total_connections "
           "routes remotes leafnodes in_msgs in_bytes in_client_msgs in_client_bytes out_msgs "
           "out_bytes out_client_msgs out_client_bytes slow_consumers stale_connections "
           "stalled_clients subscriptions http_req_stats config_load_time config_digest "
           "feature_flags system_account slow_consumer_stats stale_connection_stats "
           "disk_io_wait_stats");
  CHECK(out["uptime"] == "10s");
  CHECK(out["http_req_stats"].dump() == R"({"/":1,"/varz":3})");
  CHECK(out["auth_timeout"].dump() == "2");
  CHECK(out["ping_interval"] == 120000000000);
  CHECK(out["write_deadline"] == 10000000000);
  CHECK(out["cpu"] == 12.5);
  CHECK(out["cluster"].dump() == "{}");
  CHECK(keys(out["slow_consumer_stats"]) == "clients routes gateways leafs");
  CHECK(keys(out["disk_io_wait_stats"]) == "waiters waits wait_time max_wait_time");
}

TEST_CASE("keys that depend on the configuration appear with it") {
  auto server = troupe::monitor::test::server();
  auto& options = server.options;
  options.authorization.user = "u";
  options.client.tls.emplace();
  options.client.tls->verify = true;
  options.client.tls->timeout = 3500ms;
  options.limits.max_subscriptions = 55;
  options.server_tags = {"a:b"};
  options.server_metadata = {{"k", "v"}};
  options.monitoring = {"", -1, true, "mon"};
  server.git_commit = "abcdef0";
  server.certificate_end = noon();
  server.figures.account_digest = "ab";
  auto out = varz(server, now_plus(0s));
  CHECK(out["git_commit"] == "abcdef0");
  CHECK(out["accounts_digest"] == "ab");
  CHECK(out["auth_required"] == true);
  CHECK(out["tls_required"] == true);
  CHECK(out["tls_verify"] == true);
  CHECK(out["max_subscriptions"] == 55);
  CHECK(out["tags"].dump() == R"(["a:b"])");
  CHECK(out["metadata"].dump() == R"({"k":"v"})");
  CHECK(out["auth_timeout"] == 4.5);
  CHECK(out["tls_timeout"] == 3.5);
  CHECK(out["http_host"] == "0.0.0.0");
  CHECK(out["http_port"] == 0);
  CHECK(out["https_port"] == -1);
  CHECK(out["http_base_path"] == "mon");
  CHECK(out["tls_cert_not_after"] == "2026-11-23T16:01:08Z");
  options.client.allow_non_tls = true;
  CHECK_FALSE(varz(server, now_plus(0s)).contains("tls_required"));
  options.authorization.user.clear();
  CHECK_FALSE(varz(server, now_plus(0s)).contains("auth_required"));
  options.operators.operators = {"eyJ"};
  CHECK(varz(server, now_plus(0s))["auth_required"] == true);
}

TEST_CASE("varz shows the advertised address, with or without a port") {
  auto shown = [](const char* advertise) {
    auto server = troupe::monitor::test::server();
    server.options.client.advertise = advertise;
    auto out = varz(server, now_plus(0s));
    return out["host"].get<std::string>() + " " + out["port"].dump();
  };
  CHECK(shown("") == "127.0.0.1 4222");
  CHECK(shown("example.org:4333") == "example.org 4333");
  CHECK(shown("example.org") == "example.org 4222");
  CHECK(shown("[::1]:4333") == "::1 4333");
  CHECK(shown("[::1]") == "::1 4222");
  CHECK(shown("::1") == "::1 4222");
}

TEST_CASE("a server is healthy while clients can connect") {
  int status = 0;
  CHECK(health("", true, status) == R"({"status":"ok"})");
  CHECK(status == 200);
  CHECK(health("", false, status)
        == R"({"status":"error","error":"failed to be ready for connections after 1ms: server"})");
  CHECK(status == 500);
  CHECK(health("details=1", false, status)
        == R"({"status":"error","errors":[{"type":"CONNECTION","error":)"
           R"("failed to be ready for connections after 1ms: server"}]})");
}

TEST_CASE("a health question that makes no sense is refused before anything is checked") {
  int status = 0;
  CHECK(
      health("stream=x", false, status)
      == R"({"status":"error","error":"\"account\" must not be empty when checking stream health"})");
  CHECK(status == 400);
  CHECK(health("consumer=x&details=true", true, status)
        == R"({"status":"error","errors":[{"type":"BAD_REQUEST","error":)"
           R"("\"stream\" must not be empty when checking consumer health"}]})");
  CHECK(status == 400);
  CHECK(health("js-enabled-only=zz", true, status)
        == "Error decoding boolean for 'js-enabled-only': strconv.ParseBool: parsing \"zz\": "
           "invalid syntax");
}
