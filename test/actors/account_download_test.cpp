// test/actors/account_download_test.cpp: resolvers that do not behave.
#include "actors/account_download.hpp"

#include "test/security/test_certificates.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>

using namespace troupe::actors;
using namespace std::chrono_literals;

namespace {

/// Takes one client and sends it `first`, and then a byte of `rest` now and then, for ever.
class dripping_server {
public:
  dripping_server(std::string_view first, char rest)
      : listener_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, any, size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, any, &size) == 0);
    port = ntohs(address.sin_port);
    serving_ = std::thread{[this, first, rest] { drip(first, rest); }};
  }
  ~dripping_server() {
    serving_.join();
    ::close(listener_);
  }

  uint16_t port = 0;

private:
  /// Until the client goes.
  void drip(std::string_view first, char rest) const {
    int client = ::accept(listener_, nullptr, nullptr);
    ::send(client, first.data(), first.size(), MSG_NOSIGNAL);
    while (::send(client, &rest, 1, MSG_NOSIGNAL) == 1) {
      pollfd gone{client, POLLRDHUP, 0};
      if (::poll(&gone, 1, 20) != 0)
        break;
    }
    ::close(client);
  }

  int listener_;
  std::thread serving_;
};

/// How long it took to give up.
std::chrono::milliseconds patience_with(const std::string& scheme, std::string_view first,
                                        char rest) {
  dripping_server server{first, rest};
  auto begin = std::chrono::steady_clock::now();
  auto got = download_account(
      {scheme + "://127.0.0.1:" + std::to_string(server.port) + "/jwt/", 300ms, {}}, "A");
  CHECK(got.problem != "");
  CHECK(got.body == "");
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                               - begin);
}

} // namespace

TEST_CASE("a resolver that sends a byte now and then is given up at the timeout") {
  constexpr auto enough = 20s; // of a machine that is busy
  SUBCASE("within a header") {
    CHECK(patience_with("http", "HTTP/1.1 200 OK\r\nX: ", 'x') < enough);
  }
  SUBCASE("within a body of no length") {
    CHECK(patience_with("http", "HTTP/1.1 200 OK\r\n", '\n') < enough);
  }
  SUBCASE("within the body") {
    CHECK(patience_with("http", "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n", 'x') < enough);
  }
  SUBCASE("within the TLS handshake") {
    CHECK(patience_with("https", {"\x16\x03\x03\x40\x00", 5}, 'x') < enough);
  }
}

namespace {

/// A resolver over HTTPS that asks for certificates of `ca`.
struct https_resolver {
  explicit https_resolver(const troupe::test::test_certificates& pki)
      : server{pki.server_cert().c_str(), pki.server_key().c_str(), pki.ca().c_str()} {
    server.Get("/jwt/(.*)", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content("jwt of " + request.matches[1].str(), "text/plain");
    });
    port = server.bind_to_any_port("127.0.0.1");
    serving = std::thread{[this] { server.listen_after_bind(); }};
    while (!server.is_running()) // before that nothing stops it
      std::this_thread::yield();
  }
  ~https_resolver() {
    server.stop();
    serving.join();
  }
  httplib::SSLServer server;
  int port = 0;
  std::thread serving;
};

} // namespace

TEST_CASE("over HTTPS the resolver's certificate is checked, and ours is shown, as the file says") {
  troupe::test::test_certificates pki;
  https_resolver resolver{pki};
  troupe::security::tls_settings tls;
  tls.ca_file = pki.ca();
  tls.cert_file = pki.client_cert();
  tls.key_file = pki.client_key();
  auto fetched = [&] {
    return download_account(
        {"https://127.0.0.1:" + std::to_string(resolver.port) + "/jwt/", 20s, tls}, "A");
  };
  SUBCASE("good") {
    CHECK(fetched().body == "jwt of A");
  }
  SUBCASE("an authority that did not sign the resolver") {
    tls.ca_file = pki.foreign_ca();
    CHECK_FALSE(fetched().answered);
    tls.insecure = true; // who does not check it takes it
    CHECK(fetched().body == "jwt of A");
  }
  SUBCASE("a certificate that the resolver does not know") {
    tls.cert_file = pki.foreign_cert();
    tls.key_file = pki.foreign_key();
    CHECK_FALSE(fetched().answered);
  }
  SUBCASE("none") {
    tls.cert_file.clear();
    CHECK_FALSE(fetched().answered);
  }
  SUBCASE("files that are not there") {
    tls.cert_file = pki.path("missing.pem");
    CHECK(fetched().problem.find("TLS files") != std::string::npos);
  }
}
