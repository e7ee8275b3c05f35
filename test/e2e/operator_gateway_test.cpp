// test/e2e/operator_gateway_test.cpp: accounts of an operator that a server needs for others' sake.
#include "operator_site.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace {
using namespace troupe::e2e;
using namespace troupe::security;

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

/// An operator whose accounts lie behind a URL; servers that fetch each when they need it.
struct url_site : operator_site {
  url_site() {
    http.Get("/jwt/(.*)", [this](const httplib::Request& request, httplib::Response& response) {
      auto known = jwts.find(request.matches[1].str());
      if (known != jwts.end())
        response.set_content(known->second, "text/plain");
      else
        response.status = 404;
    });
    port = http.bind_to_any_port("127.0.0.1");
    serving = std::thread{[this] { http.listen_after_bind(); }};
  }
  ~url_site() {
    http.stop();
    serving.join();
  }
  /// Before anybody asks.
  void serve(const tenant& one) { jwts[one.id()] = jwt(one); }
  std::unique_ptr<server_process> start(const std::string& name, const std::string& more) {
    return std::make_unique<server_process>(
        binary(), "server_name: " + name + "\noperator: " + operator_jwt() + "\nsystem_account: "
                      + system.id() + "\nresolver: URL(http://127.0.0.1:" + std::to_string(port)
                      + "/jwt/)\n" + more + "\n");
  }

  std::map<std::string, std::string> jwts;
  httplib::Server http;
  int port = 0;
  std::thread serving;
};

/// The first that is heard of what is published over and over again; empty: nothing within twenty
/// seconds.
std::string heard_of(site_client& says, const std::string& subject, site_client& listens) {
  std::string heard;
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (heard.empty() && std::chrono::steady_clock::now() < until) {
    says.send("PUB " + subject + " 1\r\nx");
    says.until_pong();
    heard = listens.until_pong();
  }
  return heard;
}

} // namespace

TEST_CASE("what only one member's clients want comes from other clusters over any member") {
  url_site site;
  site.serve(site.system);
  site.serve(site.acme);
  auto gateway = [](const std::string& what) {
    return "\ngateway { listen: \"127.0.0.1:-1\", " + what + " }";
  };
  auto first =
      site.start("a", "cluster { name: G1, listen: \"127.0.0.1:-1\" }" + gateway("name: G1"));
  auto second =
      site.start("b", "cluster { name: G1, listen: \"127.0.0.1:-1\", routes: [ \"nats-route://"
                          + address_for(*first, "route") + "\" ] }" + gateway("name: G1"));
  auto away = site.start("c", gateway("name: G2, gateways: [ { name: G1, url: \"nats://"
                                      + address_for(*first, "gateways") + "\" } ]"));
  site_client listens{*second, site.acme.user_jwt(), site.acme.user};
  site_client says{*away, site.acme.user_jwt(), site.acme.user};
  listens.send("SUB news 1");
  listens.until_pong();
  CHECK_MESSAGE(heard_of(says, "news", listens).starts_with("MSG news 1 1"),
                "nobody has logged in at the first member");
}

TEST_CASE("an account brings those that it imports from, though nobody logs in to them here") {
  url_site site;
  export_claim offer;
  offer.name = offer.subject = "str.>";
  offer.kind = share_kind::stream;
  site.beta.claims.exports = {offer};
  import_claim wanted;
  wanted.name = "str";
  wanted.subject = "str.>";
  wanted.local_subject = "imp.str.>";
  wanted.account = site.beta.id();
  wanted.kind = share_kind::stream;
  site.acme.claims.imports = {wanted};
  for (const auto* one : {&site.system, &site.acme, &site.beta})
    site.serve(*one);
  auto first = site.start("a", "cluster { name: C, listen: \"127.0.0.1:-1\" }");
  auto second =
      site.start("b", "cluster { name: C, listen: \"127.0.0.1:-1\", routes: [ \"nats-route://"
                          + address_for(*first, "route") + "\" ] }");
  site_client listens{*first, site.acme.user_jwt(), site.acme.user};
  site_client says{*second, site.beta.user_jwt(), site.beta.user};
  listens.send("SUB imp.> 1");
  listens.until_pong();
  CHECK(heard_of(says, "str.x", listens).starts_with("MSG imp.str.x 1 1"));
}
