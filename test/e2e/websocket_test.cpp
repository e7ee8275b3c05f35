// test/e2e/websocket_test.cpp: clients and leaf nodes over websockets, Troupe alone and beside
// nats-server.
#include "certificates.hpp"
#include "mixed_servers.hpp"
#include "operator_world.hpp"
#include "websocket_peer.hpp"

#include <array>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string port_text(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A server with a plain websocket listener; `inside` of its block, `top` outside. Whoever does not
/// upgrade within `handshake` is closed.
struct site {
  explicit site(kind what, const std::string& inside = {}, const std::string& top = {},
                const std::string& handshake = "20s")
      : port{free_port()}, server{binary_of(what),
                                  "server_name: s" + std::to_string(port)
                                      + "\nhttp: \"127.0.0.1:-1\"\nwebsocket { listen: \""
                                      + port_text(port) + "\", no_tls: true, handshake_timeout: \""
                                      + handshake + "\", " + inside + " }\n" + top} {}
  bool says(std::string_view words) const {
    return eventually([&] { return server.log().find(words) != std::string::npos; });
  }
  uint16_t port;
  server_process server;
};

void log_in(websocket_peer& who) {
  REQUIRE(who.upgrade() == "HTTP/1.1 101 Switching Protocols");
  who.until("INFO ");
  who.send("CONNECT {\"verbose\":false,\"protocol\":1,\"headers\":true}\r\nPING\r\n");
  who.until("PONG\r\n");
}

std::string from_hex(std::string_view digits) {
  std::string out;
  for (; digits.size() > 1; digits.remove_prefix(2))
    out += static_cast<char>(std::stoi(std::string{digits.substr(0, 2)}, nullptr, 16));
  return out;
}

std::string tls_files(const scratch_folder& folder) {
  auto file = [&](const char* name) { return "\"" + (folder.path() / name).string() + "\""; };
  return "cert_file: " + file("server.pem") + ", key_file: " + file("server-key.pem")
         + ", ca_file: " + file("ca.pem");
}
} // namespace

TEST_CASE("leaf nodes reach their hub over websockets, plain or TLS, masked or not") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto tls = "tls { " + tls_files(certificates) + " }";
  struct way {
    std::string scheme, hub, remote;
  };
  const std::array ways{
      way{"ws", "no_tls: true", ""},
      way{"ws", "no_tls: true, compression: true", ", ws_no_masking: true, ws_compression: true"},
      way{"wss", tls, ", tls { ca_file: \"" + (certificates.path() / "ca.pem").string() + "\" }"}};
  struct run {
    kind hub, leaf;
    size_t way;
  };
  for (const auto& each : {run{ours, ours, 1}, run{ours, theirs, 0}, run{ours, theirs, 2},
                           run{theirs, ours, 0}, run{theirs, ours, 1}, run{theirs, ours, 2}}) {
    const auto& how = ways[each.way];
    CAPTURE(name_of(each.hub));
    CAPTURE(name_of(each.leaf));
    CAPTURE(how.scheme + how.remote);
    auto port = free_port();
    server_process hub{binary_of(each.hub),
                       "server_name: hub\nleafnodes { listen: \"127.0.0.1:-1\" }\nwebsocket { "
                       "listen: \""
                           + port_text(port) + "\", " + how.hub + " }\n"};
    server_process leaf{binary_of(each.leaf),
                        "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: \""
                            + how.scheme + "://" + port_text(port) + "\"" + how.remote
                            + " } ] }\n"};
    exchange(hub, leaf);
    ask(leaf, hub);
  }
}

TEST_CASE("a large message passes over a websocket link both ways") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    site hub{ours, "", "leafnodes { listen: \"127.0.0.1:-1\" }\n"};
    server_process leaf{binary_of(other), "leafnodes { remotes: [ { url: \"ws://"
                                              + port_text(hub.port) + "\" } ] }\n"};
    auto up = connect(hub.server);
    auto down = connect(leaf);
    for (auto [from, to] : {std::pair{&up, &down}, std::pair{&down, &up}}) {
      auto heard = subscribe(*to, "large");
      REQUIRE(settled(*from, *to));
      std::string large(1000 * 1000, '.');
      for (size_t i = 0; i < large.size(); i += 97)
        large[i] = static_cast<char>('a' + i % 26);
      for (int i = 0; i < 3; ++i)
        publish(*from, "large", large);
      for (int i = 0; i < 3; ++i)
        CHECK(text_of(next_message(heard)) == large);
    }
  }
}

TEST_CASE("a hub that takes small messages only is sent no compressed one that comes to more") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site hub{what, "compression: true",
             "max_payload: 4096\nleafnodes { listen: \"127.0.0.1:-1\" }\n"};
    server_process leaf{binary_of(ours), "leafnodes { remotes: [ { url: \"ws://"
                                             + port_text(hub.port)
                                             + "\", ws_compression: true } ] }\n"};
    auto up = connect(hub.server);
    auto down = connect(leaf);
    auto heard = subscribe(up, "small");
    REQUIRE(settled(down, up));
    for (int i = 0; i < 200; ++i)
      publish(down, "small", std::string(1000, static_cast<char>('a' + i % 26)));
    for (int i = 0; i < 200; ++i)
      CHECK(text_of(next_message(heard)) == std::string(1000, static_cast<char>('a' + i % 26)));
  }
}

TEST_CASE("a hub over a websocket that is killed and comes back is found again") {
  if (!has_peer())
    return;
  auto port = free_port();
  auto config = "server_name: hub\nleafnodes { listen: \"127.0.0.1:-1\" }\nwebsocket { listen: \""
                + port_text(port) + "\", no_tls: true }\n";
  auto hub = std::make_unique<server_process>(binary_of(ours), config);
  server_process leaf{binary_of(ours),
                      "server_name: leaf\nleafnodes { reconnect: \"100ms\", remotes: [ { "
                      "url: \"ws://"
                          + port_text(port) + "\" } ] }\n"};
  exchange(*hub, leaf);
  hub->signal(SIGKILL);
  REQUIRE(hub->wait_for_exit(patience));
  hub = std::make_unique<server_process>(binary_of(ours), config);
  exchange(*hub, leaf);
  CHECK(leaf.running());
}

TEST_CASE("a client over a websocket is a client like any other, as nats-server has it") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site at{what};
    websocket_peer bob{at.port};
    REQUIRE(bob.upgrade("/some/path") == "HTTP/1.1 101 Switching Protocols");
    CHECK(bob.head().find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);
    auto info = bob.next();
    CHECK(info.opcode == 2);
    CHECK(info.payload.starts_with("INFO {"));
    if (what == ours) // 2.9 says the port of its other clients
      CHECK(info.payload.find("\"port\":" + std::to_string(at.port)) != std::string::npos);
    bob.send("CONNECT {\"verbose\":false,\"protocol\":1}\r\nSUB to.bob 1\r\nPING\r\n");
    bob.until("PONG\r\n");

    auto alice = connect(at.server);
    auto heard = subscribe(alice, "to.alice");
    publish(alice, "to.bob", "hello");
    CHECK(bob.until("hello\r\n").find("MSG to.bob 1 5\r\nhello\r\n") != std::string::npos);
    flush(alice);

    bob.send("PUB to.al", 0x02); // one operation in three fragments, a ping between them
    bob.send("ice 2\r\n", 0x00);
    bob.send("alive?", 0x89);
    bob.send("hi\r\n", 0x80);
    bob.send("PUB to.alice 3\r\nyou\r\nPING\r\n", 0x81); // as text
    CHECK(text_of(next_message(heard)) == "hi");
    CHECK(text_of(next_message(heard)) == "you");
    std::string said, ponged;
    while (ponged.empty() || said.find("PONG\r\n") == said.npos) { // in either order
      auto one = bob.next();
      REQUIRE(one.opcode != -1);
      (one.opcode == 10 ? ponged : said) += one.payload;
    }
    CHECK(ponged == "alive?");
    CHECK(http(at.server, "/connz").find("\"type\": \"websocket\"") != std::string::npos);

    bob.send("\x03\xe8"s + "bye", 0x88);
    auto last = bob.end();
    CHECK(last.opcode == 8);
    CHECK(last.status == 1000);
    CHECK(bob.next().opcode == -1);
  }
}

TEST_CASE("an upgrade that is none is refused with its status, as nats-server has it") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site at{what, "allowed_origins: [ \"https://good.example:8443\" ]"};
    auto status = [&](const std::string& path, const std::string& more) {
      return websocket_peer{at.port}.upgrade(path, more).substr(0, 12);
    };
    CHECK(status("/", "") == "HTTP/1.1 101");
    CHECK(status("/", "Origin: https://good.example:8443\r\n") == "HTTP/1.1 101");
    CHECK(status("/", "Origin: https://bad.example\r\n") == "HTTP/1.1 403");
    auto plain = [&](const std::string& request) {
      return websocket_peer{at.port}.ask(request).substr(0, 12);
    };
    CHECK(plain("POST / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 405");
    CHECK(plain("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == "HTTP/1.1 400");
    CHECK(plain("CONNECT {}\r\nPING\r\n\r\n") == "HTTP/1.1 400");
    if (what == ours) {
      CHECK(plain("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n")
            == "HTTP/1.1 400");
      CHECK(status("/leafnode", "") == "HTTP/1.1 404"); // it takes no leaf nodes
      CHECK(status("/mqtt", "") == "HTTP/1.1 404");
      CHECK(plain("GET / HTTP/1.1\r\n" + std::string(20000, 'x')) == "HTTP/1.1 431");
      CHECK(at.says("origin not allowed"));
    }
  }
}

TEST_CASE("who breaks the websocket protocol is closed with the reason, and nobody else") {
  if (!has_peer())
    return;
  site at{ours}; // nats-server 2.9 closes some of these without a word
  websocket_peer bystander{at.port};
  log_in(bystander);
  auto closes = [&](const std::string& payload, int first, bool masked) {
    websocket_peer who{at.port};
    log_in(who);
    who.send(payload, first, masked);
    return who.end().status;
  };
  CHECK(closes("PING\r\n", 0x82, false) == 1002);
  CHECK(closes("PING\r\n", 0xc2, true) == 1002);
  CHECK(closes("PING\r\n", 0x80, true) == 1002);
  CHECK(closes("PING\r\n", 0x83, true) == 1002);
  CHECK(closes("ping", 0x09, true) == 1002);
  CHECK(closes(std::string(126, 'p'), 0x89, true) == 1002);
  CHECK(closes("x", 0x88, true) == 1002);
  CHECK(closes("\x03\xed"s, 0x88, true) == 1002); // 1005 may not be sent
  CHECK(closes("PUB a 2000000\r\n", 0x82, true) == 1009);
  bystander.send("PING\r\n");
  bystander.until("PONG\r\n");
  CHECK(at.says("Websocket protocol violation: mask bit missing"));
}

TEST_CASE("an error of the client protocol is said before the websocket is closed") {
  if (!has_peer())
    return;
  site at{ours, "", "authorization { user: a, password: b }\n"};
  websocket_peer who{at.port};
  REQUIRE(who.upgrade() == "HTTP/1.1 101 Switching Protocols");
  who.until("INFO ");
  who.send("CONNECT {\"user\":\"a\",\"pass\":\"wrong\"}\r\n");
  CHECK(who.until("-ERR").find("'Authorization Violation'") != std::string::npos);
  auto last = who.end();
  CHECK(last.status == 1008);
  CHECK(last.payload == "Authentication Failure");
}

TEST_CASE("behind a proxy the log names who has come as well, if it is an address") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    if (what == theirs && !pools_routes(theirs))
      continue; // 2.9.10 knows no such header
    CAPTURE(name_of(what));
    site at{what, "", "authorization { user: a, password: b }\n"};
    auto logs = [&](const std::string& said, const std::string& words) {
      websocket_peer who{at.port};
      who.upgrade("/", "X-Forwarded-For: " + said + "\r\n");
      who.until("INFO ");
      who.send("CONNECT {\"user\":\"a\",\"pass\":\"wrong\"}\r\n");
      who.end();
      return at.says(words);
    };
    CHECK(logs("203.0.113.7", " 203.0.113.7/127.0.0.1:"));
    CHECK(logs("2001:db8::7", " [2001:db8::7]/127.0.0.1:"));
    CHECK(logs("203.0.113.8, 10.0.0.1", " 127.0.0.1:"));
    CHECK(at.server.log().find("203.0.113.8") == std::string::npos);
  }
}

TEST_CASE("whoever does not finish the upgrade in time is closed") {
  if (!has_peer())
    return;
  site at{ours, "", "", "400ms"};
  websocket_peer who{at.port};
  CHECK(who.ask("GET / HTTP/1.1\r\nHost: a\r\n").empty());
  CHECK(at.says("no upgrade within the time limit"));
}

namespace {
/// Who says that, behind an upgrade with those headers, gets in.
bool enters(const site& at, const std::string& connect, const std::string& headers = {}) {
  websocket_peer who{at.port};
  who.upgrade("/", headers);
  who.until("INFO ");
  who.send("CONNECT {\"verbose\":true" + connect + "}\r\n");
  return who.next().payload.starts_with("+OK");
}
} // namespace

TEST_CASE("users may be bound to websockets, or kept from them") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site at{what, "",
            "authorization { users: [ { user: web, password: pw, allowed_connection_types: [ "
            "WEBSOCKET ] }, { user: tcp, password: pw, allowed_connection_types: [ STANDARD ] } ] "
            "}\n"};
    CHECK(enters(at, ",\"user\":\"web\",\"pass\":\"pw\""));
    CHECK_FALSE(enters(at, ",\"user\":\"tcp\",\"pass\":\"pw\""));
    auto options = options_for(at.server);
    must(natsOptions_SetUserInfo(options.get(), "tcp", "pw"), "user");
    CHECK(connect(options));
  }
}

TEST_CASE("the websocket block has a login of its own, which is none of other clients'") {
  if (!has_peer())
    return;
  constexpr auto web = ",\"user\":\"web\",\"pass\":\"w\"", tcp = ",\"user\":\"tcp\",\"pass\":\"t\"";
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    {
      site one{what, "authorization { user: web, password: w, timeout: 10 }",
               "authorization { user: tcp, password: t }\n"};
      CHECK(enters(one, web));
      CHECK_FALSE(enters(one, tcp));
      auto options = options_for(one.server);
      must(natsOptions_SetUserInfo(options.get(), "tcp", "t"), "user");
      CHECK(connect(options));
    }
    {
      site one{what, "authorization { token: secret }"};
      CHECK(enters(one, ",\"auth_token\":\"secret\""));
      CHECK_FALSE(enters(one, ""));
      CHECK_MESSAGE(connect(one.server), "other clients need not log in");
    }
    site one{what, "no_auth_user: guest",
             "accounts { G { users: [ { user: guest, password: g } ] }, T { users: [ { user: tcp, "
             "password: t } ] } }\n"};
    CHECK(enters(one, ""));
    CHECK(enters(one, tcp));
    CHECK_FALSE(enters(one, web));
    auto options = options_for(one.server);
    natsConnection* raw = nullptr;
    CHECK(natsConnection_Connect(&raw, options.get()) == NATS_CONNECTION_AUTH_FAILED);
  }
}

TEST_CASE("cookies of the upgrade say what CONNECT leaves out, and the answer has more headers") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    if (what == theirs && !pools_routes(theirs))
      continue; // 2.9 knows jwt_cookie alone
    CAPTURE(name_of(what));
    site one{what, "user_cookie: u, pass_cookie: p, headers { X-One: \"1\", X-Two: \"a b\" }",
             "authorization { users: [ { user: web, password: w } ] }\n"};
    CHECK(enters(one, "", "Cookie: u=web; p=w\r\n"));
    CHECK(enters(one, "", "Cookie: x=y\r\nCookie: u=\"web\"\r\nCookie: p=w\r\n"));
    CHECK(enters(one, ",\"user\":\"web\",\"pass\":\"w\"", "Cookie: u=a; p=b\r\n"));
    CHECK_FALSE(enters(one, "", "Cookie: u=web; p=wrong\r\n"));
    CHECK_FALSE(enters(one, "", "Cookie: U=web; P=w\r\n"));
    CHECK_FALSE(enters(one, ""));
    websocket_peer who{one.port};
    CHECK(who.upgrade() == "HTTP/1.1 101 Switching Protocols");
    CHECK(who.head().find("\r\nX-One: 1") != std::string::npos);
    CHECK(who.head().find("\r\nX-Two: a b") != std::string::npos);
    site token{what, "token_cookie: t, authorization { token: secret }"};
    CHECK(enters(token, "", "Cookie: t=secret\r\n"));
    CHECK_FALSE(enters(token, "", "Cookie: t=other\r\n"));
  }
}

TEST_CASE("a user JWT may come in a cookie") {
  if (!has_peer())
    return;
  operator_world world;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site one{what, "jwt_cookie: j", world.filled("@OPERATOR@\n")};
    CHECK(enters(one, "", "Cookie: i=x; j=" + world.filled("@JWT:bearer@") + "\r\n"));
    CHECK_FALSE(enters(one, "", "Cookie: j=ey.ey.ey\r\n"));
    CHECK_FALSE(enters(one, ""));
  }
}

TEST_CASE("messages are compressed for whoever asks for it, and for nobody else") {
  if (!has_peer())
    return;
  const auto hello = from_hex( // CONNECT {"verbose":false,"headers":true}, PING
      "72f6f7f373750e51a8562a4b2d4aca2f4e55b24a4bcc294ed551ca484d4c492d2a56b2"
      "2a292a4dade5e50af0f473e7e50200");
  constexpr auto offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    site one{what, "compression: true"};
    websocket_peer who{one.port};
    CHECK(who.upgrade("/", offer) == "HTTP/1.1 101 Switching Protocols");
    CHECK(who.head().find("permessage-deflate; server_no_context_takeover; "
                          "client_no_context_takeover")
          != std::string::npos);
    CHECK(who.next().deflated); // INFO
    who.send(hello, 0xc2);
    who.send("SUB a 1\r\nPUB a 5\r\nhello\r\n"); // both kinds may follow each other
    who.until("MSG a 1 5\r\nhello\r\n");         // too short to be compressed
    websocket_peer other{one.port};
    CHECK(other.upgrade() == "HTTP/1.1 101 Switching Protocols");
    CHECK(other.head().find("deflate") == std::string::npos);
    CHECK_FALSE(other.next().deflated);
    if (what == ours) { // nats-server says nothing to it
      other.send(hello, 0xc2);
      CHECK(other.end().status == 1002);
    }
    site none{what};
    websocket_peer third{none.port};
    third.upgrade("/", offer);
    CHECK(third.head().find("deflate") == std::string::npos);
  }
}

TEST_CASE("clients over websockets are asked at intervals of their own") {
  if (!has_peer())
    return;
  site one{ours, "ping_interval: \"100ms\"", "ping_interval: 30\nping_max: 15\n"};
  websocket_peer who{one.port};
  log_in(who);
  for (int i = 0; i < 20; ++i) { // more than may stay unanswered; each has a second and a half
    who.until("PING\r\n");
    who.send("PONG\r\n");
  }
  who.until("Stale Connection"); // whoever does not answer is no longer there
}

TEST_CASE("members of a cluster tell clients over websockets of each other's websockets") {
  if (!has_peer())
    return;
  for (auto what : {ours, theirs}) {
    CAPTURE(name_of(what));
    auto routes = free_port();
    site one{ours, "", "cluster { name: C, listen: \"" + port_text(routes) + "\" }\n"};
    site other{what, "",
               "cluster { name: C, listen: \"127.0.0.1:-1\", routes: [ "
               "\"nats-route://"
                   + port_text(routes) + "\" ] }\n"};
    exchange(one.server, other.server);
    for (auto [here, there] : {std::pair{&one, &other}, std::pair{&other, &one}}) {
      std::string info;
      CHECK(eventually([&] { // messages may have crossed the link before
        websocket_peer who{here->port};
        REQUIRE(who.upgrade() == "HTTP/1.1 101 Switching Protocols");
        info = who.until("\r\n");
        return info.find("\"" + port_text(there->port) + "\"") != std::string::npos;
      }));
      CHECK(info.find("\"" + port_text(there->server.port()) + "\"") == std::string::npos);
    }
  }
}

TEST_CASE("a browser's TLS is done before the upgrade") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto port = free_port();
  server_process server{binary_of(ours), "websocket { listen: \"" + port_text(port) + "\", tls { "
                                             + tls_files(certificates) + " } }\n"};
  tls_options trust{certificates.path() / "ca.pem", {}, {}};
  websocket_peer who{port, &trust};
  log_in(who);
  who.send("SUB a 1\r\nPUB a 5\r\nhello\r\n");
  who.until("MSG a 1 5\r\nhello\r\n");
  websocket_peer plain{port};
  CHECK(plain.upgrade().empty());
}
