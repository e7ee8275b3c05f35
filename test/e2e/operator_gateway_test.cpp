// test/e2e/operator_gateway_test.cpp: accounts of an operator behind gateways.
#include "operator_site.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <cstdlib>
#include <thread>

namespace {
using namespace troupe::e2e;

std::string binary() {
  const auto* path = std::getenv("TROUPE_E2E_SERVER");
  REQUIRE(path != nullptr);
  return path;
}

/// Where the log says that it listens for `what`.
std::string address_for(const server_process& server, const std::string& what) {
  auto log = server.log();
  auto before = "Listening for " + what + " connections on ";
  auto at = log.find(before);
  REQUIRE(at != std::string::npos);
  at += before.size();
  return log.substr(at, log.find('\n', at) - at);
}

} // namespace

TEST_CASE("what only one member's clients want comes from other clusters over any member") {
  operator_site site;
  httplib::Server http;
  http.Get("/jwt/(.*)", [&](const httplib::Request& request, httplib::Response& response) {
    for (const auto* one : {&site.system, &site.acme})
      if (request.matches[1].str() == one->id())
        response.set_content(site.jwt(*one), "text/plain");
  });
  auto port = http.bind_to_any_port("127.0.0.1");
  std::thread serving{[&] { http.listen_after_bind(); }};
  {
    auto with = [&](const std::string& name, const std::string& more, const std::string& gateway) {
      return std::make_unique<server_process>(
          binary(), "server_name: " + name + "\noperator: " + site.operator_jwt()
                        + "\nsystem_account: " + site.system.id()
                        + "\nresolver: URL(http://127.0.0.1:" + std::to_string(port) + "/jwt/)\n"
                        + more + "\ngateway { listen: \"127.0.0.1:-1\", " + gateway + " }\n");
    };
    auto first = with("a", "cluster { name: G1, listen: \"127.0.0.1:-1\" }", "name: G1");
    auto second = with("b",
                       "cluster { name: G1, listen: \"127.0.0.1:-1\", routes: [ \"nats-route://"
                           + address_for(*first, "route") + "\" ] }",
                       "name: G1");
    auto away = with("c", "",
                     "name: G2, gateways: [ { name: G1, url: \"nats://"
                         + address_for(*first, "gateways") + "\" } ]");
    site_client listens{*second, site.acme.user_jwt(), site.acme.user};
    site_client says{*away, site.acme.user_jwt(), site.acme.user};
    listens.send("SUB news 1");
    listens.until_pong();
    std::string heard;
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (heard.empty() && std::chrono::steady_clock::now() < until) {
      says.send("PUB news 1\r\nx");
      says.until_pong();
      heard = listens.until_pong();
    }
    CHECK_MESSAGE(heard.starts_with("MSG news 1 1"), "nobody has logged in at the first member");
    http.stop();
  }
  serving.join();
}
