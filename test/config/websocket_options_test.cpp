// test/config/websocket_options_test.cpp: where websockets connect, in all three formats.
#include "config/difference.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

const std::string tls = "{cert_file: c.pem, key_file: k.pem, ca_file: ca.pem}";

options good(const std::string& file, const std::string& text) {
  auto result = read_text(file, text);
  REQUIRE(complaints(result) == "");
  return result.opts;
}

} // namespace

TEST_CASE("a websocket block means the same in nats-server's format and in YAML") {
  auto nats = good("a.conf", "websocket {\n listen: \"127.0.0.1:8443\"\n advertise: \"ws:443\"\n"
                             " same_origin: true\n origins: [\"https://a\", \"http://b:80\"]\n"
                             " handshake_timeout: \"3s\"\n compress: true\n tls "
                                 + tls
                                 + "\n authorization {user: a, pass: b, token: c, timeout: 4}\n"
                                   " user_cookie: u\n pass_cookie: p\n token_cookie: t\n"
                                   " ping_interval: \"7s\"\n headers {X-One: \"1\"}\n}\n");
  auto yaml =
      good("a.yaml", "websocket:\n  listen: 127.0.0.1:8443\n  advertise: ws:443\n"
                     "  same_origin: true\n  allowed_origins: [https://a, 'http://b:80']\n"
                     "  handshake_timeout: 3s\n  compression: true\n  tls: "
                         + tls
                         + "\n  authorization: {user: a, password: b, token: c, timeout: 4s}"
                           "\n  user_cookie: u\n  pass_cookie: p\n  token_cookie: t\n"
                           "  ping_interval: 7s\n  headers: {X-One: '1'}\n");
  for (auto* opts : {&nats, &yaml}) {
    auto& websocket = opts->websocket;
    CHECK(websocket.enabled());
    CHECK(websocket.host == "127.0.0.1");
    CHECK(websocket.port == 8443);
    CHECK(websocket.advertise == "ws:443");
    CHECK(websocket.same_origin);
    CHECK(websocket.allowed_origins == std::vector<std::string>{"https://a", "http://b:80"});
    CHECK(websocket.handshake_timeout == 3s);
    CHECK(websocket.compression);
    REQUIRE(websocket.tls);
    CHECK(websocket.tls->cert_file == "c.pem");
    CHECK_FALSE(websocket.tls->verify);
    CHECK(websocket.login.differs());
    CHECK(websocket.login.user + websocket.login.password + websocket.login.token == "abc");
    CHECK(websocket.login.timeout == 4s);
    CHECK(websocket.cookies.user + websocket.cookies.password + websocket.cookies.token == "upt");
    CHECK(websocket.cookies.jwt.empty());
    CHECK(websocket.ping_interval == 7s);
    CHECK(websocket.headers == std::map<std::string, std::string>{{"X-One", "1"}});
  }
}

TEST_CASE("a websocket in the clear has to be asked for, and one origin may be a text") {
  auto opts = good("a.conf", "ws {port: -1, no_tls: true, allowed_origin: \"https://a:1\"}");
  CHECK(opts.websocket.port == -1);
  CHECK(opts.websocket.no_tls);
  CHECK(opts.websocket.allowed_origins == std::vector<std::string>{"https://a:1"});
  CHECK(opts.websocket.handshake_timeout == 2s);
  CHECK(complaints(read_text("a.conf", "websocket {port: 1}"))
        == "a.conf:1:11: websocket requires TLS configuration; add a tls block, or no_tls: true "
           "where a proxy speaks it");
  CHECK_FALSE(good("a.conf", "websocket {no_tls: true}").websocket.enabled());
}

TEST_CASE("Choria's websocket has the broker's address and TLS") {
  const std::string base = "identity = c1.example.net\nplugin.choria.broker_network = true\n"
                           "plugin.security.provider = file\n"
                           "plugin.security.file.certificate = c.pem\n"
                           "plugin.security.file.key = k.pem\nplugin.security.file.ca = ca.pem\n";
  CHECK_FALSE(good("broker.conf", base).websocket.enabled());
  auto secured = good("broker.conf", base
                                         + "plugin.choria.network.websocket_port = 4333\n"
                                           "plugin.choria.network.websocket_advertise = ws:443\n");
  CHECK(secured.websocket.port == 4333);
  CHECK(secured.websocket.host == "::");
  CHECK(secured.websocket.advertise == "ws:443");
  REQUIRE(secured.websocket.tls);
  CHECK(secured.websocket.tls->cert_file == "c.pem");
  auto plain = read_text("broker.conf", base
                                            + "plugin.choria.network.websocket_port = 4333\n"
                                              "plugin.choria.network.client_tls_disable = yes\n")
                   .opts;
  CHECK_FALSE(plain.websocket.tls);
  CHECK(plain.websocket.no_tls);
}

TEST_CASE("mistakes in a websocket block are named") {
  CHECK(complaints(read_text("a.conf", "websocket {bogus: 1}"))
        == "a.conf:1:11: unknown field \"bogus\"");
  CHECK(complaints(read_text("a.conf", "websocket {port: 1, no_tls: true, origins: \"a.b\"}"))
            .find("unable to parse allowed origin \"a.b\"; write it as https://host:port")
        != std::string::npos);
  CHECK(complaints(read_text("a.conf", "websocket {port: 1, no_tls: true, handshake_timeout: -1}"))
        != "");
  CHECK(complaints(read_text("a.yaml", "listen: 127.0.0.1:5\nwebsocket: {listen: '127.0.0.1:5', "
                                       "no_tls: true}\n"))
            .find("are both 5")
        != std::string::npos);
}

TEST_CASE("a login of websockets' own that lets nobody in, or the wrong ones, is a mistake") {
  const std::string user = "authorization {users: [{user: a, password: b}]}\n";
  auto says = [](const std::string& inside, const std::string& top, const std::string& words) {
    CAPTURE(inside);
    auto said =
        complaints(read_text("a.conf", top + "websocket {port: 1, no_tls: true, " + inside + "}"));
    CHECK_MESSAGE(said.find(words) != std::string::npos, said);
  };
  says("no_auth_user: x", user, "no_auth_user: \"x\" not present as user or nkey");
  says("no_auth_user: x", "", "no_auth_user: \"x\" not present as user or nkey");
  says("authorization {user: c, pass: d}", user,
       "websocket authentication username not compatible with presence of users/nkeys");
  says("authorization {token: c}", user,
       "websocket authentication token not compatible with presence of users/nkeys");
  says("jwt_cookie: c", user, "is required for JWT authentication via cookie \"c\"");
  says("headers {Upgrade: b}", "", "invalid header \"Upgrade\": not allowed");
  says("headers {sec-websocket-key: b}", "", "prefix not allowed");
  says("headers {\"a b\": c}", "", "its name is none");
  says("headers {a: \"b\\r\\nSet-Cookie: c\"}", "", "a control character");
  CHECK(complaints(read_text("a.conf", user + "websocket {port: 1, no_tls: true, no_auth_user: a}"))
        == "");
}

TEST_CASE("of a websocket's listener a reload changes the certificate alone") {
  auto before = good("a.conf", "websocket {port: 1, tls " + tls + "}");
  auto other = before;
  other.websocket.tls->cert_file = "d.pem";
  CHECK(first_refusal(compare(before, other)) == "");
  CHECK(compare(before, other).changes.size() == 1);
  other = before;
  other.websocket.port = 2;
  CHECK(first_refusal(compare(before, other))
        == "config reload not supported for Websocket: old=1, new=2");
  other = before;
  other.websocket.tls.reset();
  CHECK(first_refusal(compare(before, other))
        == "config reload not supported for Websocket: old=enabled, new=disabled");
}
