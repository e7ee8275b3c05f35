// test/monitor/server_test.cpp: the endpoints as an HTTP client sees them.
#include "monitor/endpoints.hpp"
#include "monitor/listening_socket.hpp"
#include "monitor/server.hpp"
#include "monitor/unix_stream.hpp"
#include "test/monitor/snapshots.hpp"
#include "test/security/test_certificates.hpp"

#include <doctest/doctest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

namespace config = troupe::config;
using namespace troupe::monitor;
using namespace std::chrono_literals;
using troupe::monitor::test::made_up_source;

namespace {

config::options on_any_port() {
  config::options out;
  out.monitoring.host = "127.0.0.1";
  out.monitoring.port = -1;
  return out;
}

/// A bare TCP connection.
unix_stream connect_to(uint16_t port) {
  unix_stream out{::socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(out.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return out;
}

/// A running monitor, asked one request at a time.
struct served {
  explicit served(const config::options& options = on_any_port()) : monitor{from, options} {
    REQUIRE(monitor.start() == "");
  }
  httplib::Client client() {
    httplib::Client out{"127.0.0.1", monitor.port()};
    out.set_read_timeout(20);
    return out;
  }
  httplib::Response get(const std::string& path) {
    auto answer = client().Get(path);
    REQUIRE(answer);
    return *answer;
  }

  made_up_source from;
  monitor_server monitor;
};

} // namespace

TEST_CASE("a JSON endpoint answers indented, for scripts of any origin") {
  served it;
  auto answer = it.get("/varz");
  CHECK(answer.status == 200);
  CHECK(answer.get_header_value("Content-Type") == "application/json");
  CHECK(answer.get_header_value("Access-Control-Allow-Origin") == "*");
  CHECK(answer.body.starts_with("{\n  \"server_id\": \"NSERVER\",\n"));
  CHECK(answer.body.ends_with("\n}"));
}

TEST_CASE("any method is answered like GET, HEAD without the body") {
  served it;
  auto plain = it.get("/connz").body.size();
  auto client = it.client();
  auto head = client.Head("/connz");
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  CHECK(head->get_header_value("Content-Type") == "application/json");
  CHECK(plain > 0);
  auto post = client.Post("/subsz", "a body nobody reads", "text/plain");
  REQUIRE(post);
  CHECK(post->status == 200);
  CHECK(nlohmann::json::parse(post->body)["server_id"] == "NSERVER");
  auto again = client.Delete("/healthz");
  REQUIRE(again);
  CHECK(again->body == R"({"status":"ok"})");
  CHECK(client.Options("/varz")->status == 200);
}

TEST_CASE("paths match exactly, and what is not there is 404") {
  served it;
  for (const auto* path : {"/varz/", "/VARZ", "/jsz", "/nope", "//varz"}) {
    auto answer = it.get(path);
    CHECK_MESSAGE(answer.status == 404, std::string{path});
    CHECK(answer.body == "404 page not found\n");
    CHECK(answer.get_header_value("Content-Type") == "text/plain; charset=utf-8");
    CHECK(answer.get_header_value("Access-Control-Allow-Origin") == "");
  }
  CHECK(it.get("/" + std::string(4000, 'x')).status == 404);
}

TEST_CASE("a wrong option is 400 in plain text, without a line end") {
  served it;
  auto answer = it.get("/connz?limit=x");
  CHECK(answer.status == 400);
  CHECK(answer.get_header_value("Content-Type") == "text/plain; charset=utf-8");
  CHECK(answer.body
        == R"(Error decoding int for 'limit': strconv.Atoi: parsing "x": invalid syntax)");
}

TEST_CASE("queries reach the endpoint decoded once") {
  served it;
  it.from.clients = {troupe::monitor::test::client(1), troupe::monitor::test::client(2)};
  it.from.clients[1].user = "a+b c";
  auto found = nlohmann::json::parse(it.get("/connz?user=a%2Bb%20c").body);
  CHECK(found["num_connections"] == 1);
  CHECK(found["connections"][0]["cid"] == 2);
}

TEST_CASE("an account the server does not have is answered with null connections") {
  served it;
  it.from.clients = {troupe::monitor::test::client(1)};
  CHECK(nlohmann::json::parse(it.get("/connz?acc=NOPE").body)["connections"].is_null());
  CHECK(nlohmann::json::parse(it.get("/connz?acc=A").body)["connections"].dump() == "[]");
  CHECK(nlohmann::json::parse(it.get("/connz?acc=%24G").body)["num_connections"] == 1);
}

TEST_CASE("requests are counted under their paths, but not unreadable ones for connections") {
  served it;
  it.get("/");
  it.get("/connz?limit=x");
  it.get("/connz?sort=x");
  it.get("/subscriptionsz");
  it.get("/subsz?limit=x");
  it.get("/healthz?details=x");
  it.get("/nope");
  auto stats = nlohmann::json::parse(it.get("/varz").body)["http_req_stats"];
  CHECK(stats.dump() == R"({"/":1,"/connz":1,"/healthz":1,"/subsz":2,"/varz":1})");
}

TEST_CASE("health turns to 500 when the broker takes no clients, and the rest goes on answering") {
  served it;
  CHECK(it.get("/healthz").status == 200);
  it.from.is_ready = false;
  auto answer = it.get("/healthz");
  CHECK(answer.status == 500);
  CHECK(answer.get_header_value("Access-Control-Allow-Origin") == "*");
  CHECK(it.get("/varz").status == 200);
}

TEST_CASE("under a base path nothing is found anywhere else") {
  auto options = on_any_port();
  options.monitoring.base_path = "mon/../mon//x/";
  served it{options};
  CHECK(it.get("/mon/x/varz").status == 200);
  auto root = it.get("/mon/x");
  CHECK(root.status == 200);
  CHECK(root.get_header_value("Content-Type") == "text/html; charset=utf-8");
  CHECK(root.body.find("href=\"./mon/x/varz\"") != root.body.npos);
  for (const auto* path : {"/", "/varz", "/mon/x/", "/mon/xvarz"})
    CHECK_MESSAGE(it.get(path).status == 404, std::string{path});
  CHECK(clean_base_path("") == "");
  CHECK(clean_base_path("/") == "");
  CHECK(clean_base_path("../mon") == "/mon");
}

TEST_CASE("an open idle connection does not delay stop") {
  served it;
  auto client = it.client();
  client.set_keep_alive(true);
  REQUIRE(client.Get("/healthz"));
  it.monitor.stop();
  it.monitor.stop();
  CHECK_FALSE(it.client().Get("/healthz"));
}

TEST_CASE("peers that say nothing or half a request do not keep a health probe waiting") {
  served it;
  std::vector<unix_stream> silent;
  for (int i = 0; i < 64; ++i) {
    silent.push_back(connect_to(it.monitor.port()));
    REQUIRE(silent.back().send("GET /var"));
  }
  auto begin = std::chrono::steady_clock::now();
  CHECK(it.get("/healthz").status == 200);
  // Half a request is given up after five seconds; whoever had to wait for that is slower.
  CHECK(std::chrono::steady_clock::now() - begin < 4s);
}

TEST_CASE("a port that is taken is named, with the reason") {
  listening_socket taken;
  REQUIRE(taken.open("127.0.0.1", -1) == "");
  auto options = on_any_port();
  options.monitoring.port = taken.port();
  made_up_source from;
  monitor_server monitor{from, options};
  CHECK(monitor.start()
        == "can't listen on 127.0.0.1:" + std::to_string(taken.port())
               + ": Address already in use");
}

TEST_CASE("HTTPS needs a certificate that can be read") {
  auto options = on_any_port();
  options.monitoring.https = true;
  made_up_source from;
  CHECK(monitor_server{from, options}.start() == "TLS cert and key required for HTTPS");
  options.client.tls.emplace();
  options.client.tls->cert_file = "/nowhere/cert.pem";
  options.client.tls->key_file = "/nowhere/key.pem";
  CHECK(monitor_server{from, options}.start()
        == "cannot use /nowhere/cert.pem with /nowhere/key.pem for HTTPS");
}

TEST_CASE("HTTPS uses the client listener's certificate and asks for none") {
  troupe::test::test_certificates files;
  auto options = on_any_port();
  options.monitoring.https = true;
  options.client.tls.emplace();
  options.client.tls->cert_file = files.server_cert();
  options.client.tls->key_file = files.server_key();
  options.client.tls->ca_file = files.ca();
  options.client.tls->verify = true;
  served it{options};
  httplib::SSLClient client{"127.0.0.1", it.monitor.port()};
  client.set_ca_cert_path(files.ca().c_str());
  auto answer = client.Get("/healthz");
  REQUIRE(answer);
  CHECK(answer->body == R"({"status":"ok"})");
  CHECK_FALSE(it.client().Get("/healthz"));
}
