// test/e2e/slow_link_test.cpp: peers that take something of what they are sent, but too little.
#include "mixed_servers.hpp"
#include "peer_socket.hpp"

#include <string>
#include <thread>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

/// More than sockets and the broker's patience with publishers hold.
constexpr size_t much = 12 * 1024 * 1024;
constexpr size_t payload = 64 * 1024;

struct slow_site {
  uint16_t port = free_port();
  std::string block; ///< what makes the port
  std::string hello; ///< what the peer says to be let in, and to want "bulk"
};

slow_site route_site(const std::string& policy) {
  slow_site out;
  out.block = "cluster { name: C1, listen: \"127.0.0.1:" + std::to_string(out.port)
              + "\", pool_size: -1, write_deadline: \"1s\"" + policy + " }\n";
  out.hello = "CONNECT {\"cluster\":\"C1\"}\r\nINFO {\"server_id\":\"SLOW\",\"server_name\":"
              "\"slow\",\"cluster\":\"C1\",\"headers\":true,\"lnoc\":true,\"lnocu\":true}\r\n"
              "RS+ $G bulk\r\nPING\r\n";
  return out;
}

slow_site leaf_site(const std::string& policy) {
  slow_site out;
  out.block = "leafnodes { listen: \"127.0.0.1:" + std::to_string(out.port)
              + "\", write_deadline: \"1s\"" + policy + " }\n";
  out.hello = "CONNECT {\"name\":\"slow\",\"cluster\":\"L\"}\r\nLS+ bulk\r\nPING\r\n";
  return out;
}

/// Takes 640 bytes a millisecond for so long, or until there is no more.
void sip(peer_socket& peer, const server_process& server, std::chrono::milliseconds span) {
  auto start = peer_socket::clock::now();
  int64_t taken = 0;
  for (;;) {
    auto passed = peer_socket::clock::now() - start;
    if (passed >= span)
      return;
    auto due = 640 * std::chrono::duration_cast<std::chrono::milliseconds>(passed).count() - taken;
    if (due < 2048) {
      http(server, "/varz"); // takes its time
      continue;
    }
    if (!peer.read_more(peer_socket::clock::now() + patience, static_cast<size_t>(due)))
      return;
    taken += static_cast<int64_t>(peer.unread().size());
    peer.consume(peer.unread().size());
  }
}

bool was_cut(const server_process& server) {
  return server.log().find("Slow Consumer (Write Deadline)") != std::string::npos;
}
} // namespace

TEST_CASE("a link that takes something but not all within write_deadline ends with write_timeout: "
          "close, and stays with retry") {
  if (server_under_test().empty())
    return;
  for (auto make : {route_site, leaf_site})
    for (bool closes : {true, false}) {
      auto of = make(closes ? ", write_timeout: close" : "");
      CAPTURE(of.block);
      server_process server{binary_of(ours),
                            "server_name: fast\nhttp: \"127.0.0.1:-1\"\n" + of.block};
      peer_socket peer{of.port, patience};
      peer.send(of.hello);
      while (peer.unread().find("PONG\r\n") == std::string_view::npos)
        REQUIRE(peer.read_more());
      peer.consume(peer.unread().size());
      auto from = connect(options_for(server));
      std::jthread publishing{[&] {
        std::string text(payload, 'x');
        for (size_t sent = 0; sent < much; sent += payload)
          publish(from, "bulk", text);
        flush(from);
      }};
      if (closes) {
        CHECK(eventually([&] {
          sip(peer, server, std::chrono::milliseconds{50});
          return was_cut(server);
        }));
      } else {
        sip(peer, server, std::chrono::milliseconds{2300});
        CHECK_FALSE(was_cut(server));
      }
      peer.close();
    }
}
