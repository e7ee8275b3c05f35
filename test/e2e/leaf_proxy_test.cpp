// test/e2e/leaf_proxy_test.cpp: leaf nodes that reach their hub through an HTTP proxy.
#include "certificates.hpp"
#include "mixed_servers.hpp"

#include <array>
#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

sockaddr_in local(uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

/// Leads whoever shows `login` ("user:password" in base64) to 127.0.0.1, and remembers where to.
class http_proxy {
public:
  explicit http_proxy(std::string login = {}) : login_{std::move(login)} {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = local(0);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listening_ = std::thread{[this] { serve(); }};
  }
  ~http_proxy() {
    ::shutdown(fd_, SHUT_RDWR);
    listening_.join();
    {
      std::lock_guard guard{access_};
      for (auto open : open_)
        ::shutdown(open, SHUT_RDWR);
    }
    for (auto& each : guests_)
      each.join();
    ::close(fd_);
  }
  http_proxy(const http_proxy&) = delete;
  http_proxy& operator=(const http_proxy&) = delete;

  uint16_t port() const { return port_; }
  std::string asked() {
    std::lock_guard guard{access_};
    return asked_;
  }

private:
  void serve() {
    for (;;) {
      auto guest = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (guest < 0)
        return;
      guests_.emplace_back([this, guest] { lead(guest); });
    }
  }

  void lead(int guest) {
    keep(guest);
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(guest, &byte, 1, 0) == 1)
      head += byte;
    {
      std::lock_guard guard{access_};
      asked_ += head;
    }
    auto say = [&](std::string_view text) {
      ::send(guest, text.data(), text.size(), MSG_NOSIGNAL);
    };
    if (head.find("Basic " + login_ + "\r\n") == head.npos && !login_.empty()) {
      say("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    } else {
      auto colon = head.find(':');
      auto address = local(static_cast<uint16_t>(std::stoi(head.substr(colon + 1))));
      auto server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      keep(server);
      if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        say("HTTP/1.1 200 ");
        say("Connection established\r\n\r\n");
        relay(guest, server);
      }
      drop(server);
    }
    drop(guest);
  }

  static void relay(int one, int other) {
    std::array<pollfd, 2> both{pollfd{one, POLLIN, 0}, pollfd{other, POLLIN, 0}};
    std::array<char, 65536> part;
    for (;;) {
      ::poll(both.data(), both.size(), -1);
      for (size_t i = 0; i < both.size(); ++i) {
        if (both[i].revents == 0)
          continue;
        auto got = ::recv(both[i].fd, part.data(), part.size(), 0);
        if (got <= 0)
          return;
        for (ssize_t sent = 0; sent < got;) {
          auto now = ::send(both[1 - i].fd, part.data() + sent, static_cast<size_t>(got - sent),
                            MSG_NOSIGNAL);
          if (now <= 0)
            return;
          sent += now;
        }
      }
    }
  }

  void keep(int fd) {
    std::lock_guard guard{access_};
    open_.push_back(fd);
  }
  void drop(int fd) {
    std::lock_guard guard{access_};
    open_.remove(fd);
    ::close(fd);
  }

  const std::string login_;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::thread listening_;
  std::list<std::thread> guests_;
  std::mutex access_;
  std::list<int> open_;
  std::string asked_;
};

std::string hub_config(uint16_t port, uint16_t web, const std::string& more) {
  return "server_name: hub\nhttp: \"127.0.0.1:-1\"\nleafnodes { listen: \"127.0.0.1:"
         + std::to_string(port) + "\"" + more
         + " }\nwebsocket { listen: \"127.0.0.1:" + std::to_string(web) + "\", no_tls: true }\n";
}

std::string leaf_config(const std::string& url, const http_proxy& proxy, const std::string& more) {
  return "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: \"" + url
         + "\", proxy { url: \"http://127.0.0.1:" + std::to_string(proxy.port())
         + "\", username: factory, password: sesame, timeout: 2s }" + more + " } ] }\n";
}
} // namespace

TEST_CASE("a leaf node reaches its hub through an HTTP proxy: plain, over TLS, over a websocket") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto tls = ", tls { ca_file: \"" + (certificates.path() / "ca.pem").string() + "\", cert_file: \""
             + (certificates.path() / "server.pem").string() + "\", key_file: \""
             + (certificates.path() / "server-key.pem").string() + "\" }";
  struct way {
    std::string scheme, more;
    kind hub;
  };
  for (const auto& by :
       {way{"nats-leaf", "", ours}, way{"nats-leaf", tls, theirs}, way{"ws", "", theirs}}) {
    CAPTURE(by.scheme);
    auto port = free_port();
    auto web = free_port();
    auto place = "127.0.0.1:" + std::to_string(by.scheme == "ws" ? web : port);
    http_proxy proxy{"ZmFjdG9yeTpzZXNhbWU="};
    server_process hub{binary_of(by.hub), hub_config(port, web, by.more)};
    server_process leaf{binary_of(ours), leaf_config(by.scheme + "://" + place, proxy, by.more)};
    exchange(hub, leaf);
    exchange(leaf, hub);
    CHECK(proxy.asked().starts_with("CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n"));
  }
}

TEST_CASE("a proxy that refuses is named in the log, with its words and without the password") {
  if (server_under_test().empty())
    return;
  http_proxy proxy{"c29tZWJvZHk6ZWxzZQ=="};
  server_process leaf{binary_of(ours), leaf_config("nats-leaf://127.0.0.1:1", proxy, "")};
  CHECK(eventually([&] {
    return leaf.log().find("proxy 127.0.0.1: it refused: 407 Proxy Authentication Required")
           != std::string::npos;
  }));
  CHECK(leaf.log().find("sesame") == std::string::npos);
  CHECK(leaf.log().find("ZmFjdG9yeTpzZXNhbWU=") == std::string::npos);
}
