// test/e2e/hostile_listeners_test.cpp: whoever is dialled as a server, and is none; and
// certificates.
#include "certificates.hpp"
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"
#include "steady_traffic.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <utility>

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

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A listener that says one thing to the first who comes, whatever he says; on a thread of its own,
/// for nobody waits for long. What stands behind a `@OWN@` is said when the guest has told his id,
/// which goes there.
class trap {
public:
  explicit trap(stranger which, bool hangs_up = false)
      : which_{std::move(which)}, hangs_up_{hangs_up} {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { spring(); }};
  }
  trap(const trap&) = delete;
  trap& operator=(const trap&) = delete;
  ~trap() {
    finish();
    ::close(fd_);
  }

  uint16_t port() const { return port_; }

  void judge_by(const server_process& server) {
    finish();
    INFO(which_.who);
    REQUIRE(guest_);
    judge(server, *guest_, which_, at(port_));
  }

private:
  void finish() {
    if (thread_.joinable())
      thread_.join();
  }

  void spring() {
    pollfd waited{fd_, POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(std::chrono::milliseconds{patience}.count())) <= 0)
      return;
    guest_ = std::make_unique<peer_socket>(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC), port_,
                                           patience);
    auto says = which_.says;
    if (auto mark = says.find("@OWN@"); mark != says.npos) {
      auto line = says.rfind('\n', mark) + 1; // 0: the first one
      guest_->send(says.substr(0, line));
      // A route that dials tells it as the name in its CONNECT, and INFO only when it has ours.
      says.replace(mark, 5, id_of_guest(line == 0 ? "\"name\":\"" : "\"server_id\":\""));
      says.erase(0, line);
    }
    guest_->send(says + (which_.logged.empty() ? "PING\r\n" : ""));
    if (hangs_up_)
      guest_->half_close();
  }

  std::string id_of_guest(std::string_view key) {
    auto found = std::string_view::npos;
    while ((found = guest_->unread().find(key)) == std::string_view::npos && guest_->read_more()) {
    }
    auto rest = guest_->unread().substr(std::min(found, guest_->unread().size()));
    rest.remove_prefix(std::min(key.size(), rest.size()));
    return std::string{rest.substr(0, rest.find('"'))};
  }

  stranger which_;
  bool hangs_up_;
  uint16_t port_ = 0;
  int fd_ = -1;
  std::unique_ptr<peer_socket> guest_;
  std::thread thread_;
};

using traps = std::vector<std::unique_ptr<trap>>;

constexpr auto no_entry = "Authorization Violation";
constexpr auto cut_off = "maximum control line exceeded";
constexpr auto unknown = "Unknown Protocol Operation";
const auto endless = "INFO {\"server_id\":\"" + std::string(100'000, 'x');

void add(traps& to, std::string who, std::string says, std::string answer,
         std::vector<std::string> logged, bool hangs_up = false) {
  to.push_back(std::make_unique<trap>(
      stranger{std::move(who), std::move(says), std::move(answer), std::move(logged)}, hangs_up));
}

/// What ends a link of every kind that was dialled.
traps anywhere() {
  traps out;
  add(out, "he hangs up", "", "", {"closed: Client Closed"}, true);
  add(out, "he hangs up in the middle of INFO", "INFO {\"serv", "", {"closed: Client Closed"},
      true);
  add(out, "he speaks HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", unknown, {unknown});
  add(out, "he speaks SMTP", "220 mail ESMTP\r\n", unknown, {unknown});
  add(out, "his INFO does not end", endless, cut_off, {cut_off});
  add(out, "his INFO is no JSON", "INFO {\r\n", "", {"Error parsing INFO: it is no JSON object"});
  add(out, "a key of his INFO has the wrong type", "INFO {\"server_id\":{}}\r\n", "",
      {"Error parsing INFO: \"server_id\" is not a text"});
  return out;
}

traps routes() {
  auto out = anywhere();
  auto hello = [](const std::string& name) {
    return "INFO {\"server_id\":\"" + name + "\",\"server_name\":\"" + name
           + "\",\"cluster\":\"G1\",\"gossip_mode\":1,\"lnoc\":true}\r\n";
  };
  add(out, "he says nothing", "", "Authentication Timeout", {"Authentication Timeout"});
  add(out, "he says no at once", "-ERR 'go away'\r\n", "", {"Route Error 'go away'"});
  add(out, "he is of another cluster", "INFO {\"server_id\":\"X\",\"cluster\":\"C2\"}\r\n", "",
      {"cluster name \"C2\" does not match \"G1\""});
  add(out, "he is this server", "INFO {\"server_id\":\"@OWN@\",\"cluster\":\"G1\"}\r\n", "",
      {"closed: Duplicate Route"});
  add(out, "he has no id", "INFO {}\r\n", "", {"INFO without a server_id"});
  add(out, "he sends before he says who he is", "RMSG A foo 1\r\nx\r\n", no_entry, {no_entry});
  add(out, "he wants something before he says who he is", "RS+ A foo\r\n", no_entry, {no_entry});
  add(out, "his second INFO is nonsense", hello("R1") + "INFO [\r\n", "", {"Error parsing INFO"});
  add(out, "his message is longer than it says", hello("R2") + "RMSG A foo 1\r\nlong\r\n", unknown,
      {unknown});
  add(out, "he says CONNECT, although he was dialled",
      hello("R3") + "CONNECT {\"lang\":\"go\"}\r\n", "PONG", {});
  return out;
}

/// Each is dialled under another name: H0, H1, …
traps gateways() {
  auto out = anywhere();
  auto hello = [&](const std::string& more = ",\"gateway_iom\":true") {
    return "INFO {\"server_id\":\"X\",\"gateway\":\"H" + std::to_string(out.size()) + "\"" + more
           + "}\r\n";
  };
  add(out, "he says nothing", "", "Authentication Timeout", {"Authentication Timeout"});
  add(out, "he says no at once", "-ERR 'go away'\r\n", "", {"Gateway Error 'go away'"});
  add(out, "he is no gateway", "INFO {\"server_id\":\"X\"}\r\n", "using wrong port",
      {"using wrong port"});
  add(out, "he is another cluster", "INFO {\"gateway\":\"G9\"}\r\n", "this is \"G9\"",
      {"this is \"G9\""});
  add(out, "he is our own cluster", "INFO {\"gateway\":\"G1\"}\r\n", "this is \"G1\"",
      {"this is \"G1\""});
  add(out, "he wants everything", hello(""), "does not say its interest",
      {"does not say its interest"});
  add(out, "he wants something before he says who he is", "RS+ A foo\r\n", no_entry, {no_entry});
  add(out, "he sends, who was dialled to listen", hello() + "RMSG A foo 1\r\nx\r\n", "",
      {"only the other end of this connection may say"});
  add(out, "his command names no account", hello() + hello(",\"gateway_cmd\":2"), "Account absent",
      {"Account absent"});
  add(out, "he becomes another cluster", hello() + "INFO {\"gateway\":\"G9\"}\r\n",
      "this is \"G9\"", {"this is \"G9\""});
  add(out, "his commands are unknown, and name accounts that are no text",
      hello() + hello(",\"gateway_cmd\":77")
          + hello(",\"gateway_cmd\":2,\"gateway_cmd_payload\":\"%%%\""),
      "PONG", {});
  return out;
}

traps leafs() {
  auto out = anywhere();
  auto hello = [](const std::string& more = {}) {
    return "INFO {\"server_id\":\"X\",\"client_id\":5,\"info_on_connect\":true,\"leafnode_urls\":[]"
           + more + "}\r\n";
  };
  auto come_in = hello() + hello(",\"connect_info\":true");
  add(out, "he says nothing", "", "", {"The hub has not said INFO in time"});
  add(out, "he says nothing more", hello(), "", {"The hub has not answered in time"});
  add(out, "he is no port for leaf nodes", "INFO {\"server_id\":\"X\",\"client_id\":5}\r\n", "",
      {"a port that is none for leaf nodes"});
  add(out, "he is of this cluster", hello(",\"cluster\":\"G1\""), "same cluster name",
      {"remote leafnode has same cluster name"});
  add(out, "he is this server",
      hello() + "INFO {\"server_id\":\"@OWN@\",\"connect_info\":true}\r\n", "Loop detected",
      {"Loop detected for leafnode account=\"A\""});
  add(out, "the name of his cluster ends a line",
      hello() + hello(",\"connect_info\":true,\"cluster\":\"a\\r\\nb\""),
      "cluster name cannot contain spaces", {"cluster name cannot contain spaces"});
  add(out, "he asks for TLS, and does not speak it", hello(",\"tls_required\":true") + "not TLS",
      "", {"TLS leafnode handshake error"});
  add(out, "his permissions have the wrong type",
      hello() + hello(",\"connect_info\":true,\"export\":[]"), "", {"\"export\" is not an object"});
  add(out, "he sends before he lets us in", hello() + "LMSG foo 1\r\nx\r\n", no_entry, {no_entry});
  add(out, "he speaks as a route does", come_in + "RS+ A foo\r\n", unknown, {unknown});
  add(out, "his message is longer than it says", come_in + "LMSG foo 1\r\nlong\r\n", unknown,
      {unknown});
  add(out, "he complains, and we stay", come_in + "-ERR 'hm'\r\n", "PONG", {});
  add(out, "his cluster is at impossible addresses",
      come_in + hello(",\"leafnode_urls\":[\"\",\"nowhere:\",\"x:99999999\"]"), "PONG", {});
  return out;
}

std::string urls_of(const traps& all) {
  std::string out;
  for (const auto& each : all)
    out += "\n\"nats-route://" + at(each->port()) + "\"";
  return out;
}

} // namespace

TEST_CASE(
    "whoever is dialled as a server and is none is left with the reason, and the others do not "
    "notice") {
  if (!has_peer())
    return;
  auto dialled_routes = routes();
  auto dialled_gateways = gateways();
  auto dialled_leafs = leafs();
  std::string remotes;
  for (size_t i = 0; i < dialled_gateways.size(); ++i)
    remotes += "\n{ name: H" + std::to_string(i) + ", url: \"nats://"
               + at(dialled_gateways[i]->port()) + "\" }";
  std::string hubs;
  for (const auto& each : dialled_leafs)
    hubs +=
        "\n{ url: \"nats-leaf://" + at(each->port()) + "\", account: A, first_info_timeout: 2 }";
  auto port = free_port();
  auto general =
      "http: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { A { users: [ { user: a, password: pw } ] }, S {} }\n"s;
  server_process server{binary_of(ours),
                        general + "server_name: victim\ncluster { name: G1, listen: \"" + at(port)
                            + "\", routes: [" + urls_of(dialled_routes)
                            + " ] }\ngateway { name: G1, listen: \"127.0.0.1:-1\", gateways: ["
                            + remotes + " ] }\nleafnodes { remotes: [" + hubs + " ] }\n"};
  server_process member{binary_of(theirs),
                        general
                            + "server_name: member\ncluster { name: G1, listen: \"127.0.0.1:-1\", "
                              "routes: [ \"nats-route://"
                            + at(port)
                            + "\" ] }\ngateway { name: G1, listen: \"127.0.0.1:-1\" }\n"};
  steady_traffic steady{{&server, &member}, "a"};
  for (auto* all : {&dialled_routes, &dialled_gateways, &dialled_leafs})
    for (auto& each : *all)
      each->judge_by(server);
  CHECK(steady.stop() == "");
}

TEST_CASE("who shows no certificate, or a wrong one, is not a server for us, dialled or accepted") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto file = [&](const std::string& name) {
    return "\"" + (certificates.path() / name).string() + "\"";
  };
  auto tls = [&](const std::string& name) {
    return "tls { cert_file: " + file(name + ".pem") + ", key_file: " + file(name + "-key.pem")
           + ", ca_file: " + file("ca.pem") + ", verify: true, timeout: 2 }";
  };
  auto general = "http: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { S {} }\n"s;
  // Two that are dialled: nobody signed for the one, and the other's time is over.
  std::vector<std::unique_ptr<server_process>> others;
  std::string route_urls, remotes, hubs;
  std::vector<uint16_t> dialled;
  for (const auto* name : {"other", "expired"}) {
    std::array<uint16_t, 3> ports{free_port(), free_port(), free_port()};
    others.push_back(std::make_unique<server_process>(
        binary_of(theirs), general + "server_name: " + name + "\ncluster { name: C-" + name
                               + ", listen: \"" + at(ports[0]) + "\", " + tls(name)
                               + " }\nleafnodes { listen: \"" + at(ports[1]) + "\", " + tls(name)
                               + " }\n"));
    others.push_back(std::make_unique<server_process>(
        binary_of(theirs), general + "server_name: gw-" + name + "\ngateway { name: GW-" + name
                               + ", listen: \"" + at(ports[2]) + "\", " + tls(name) + " }\n"));
    route_urls += "\n\"nats-route://" + at(ports[0]) + "\"";
    hubs += "\n{ url: \"tls://" + at(ports[1]) + "\", " + tls("server") + " }";
    remotes += "\n{ name: GW-"s + name + ", url: \"nats://" + at(ports[2]) + "\" }";
    dialled.insert(dialled.end(), ports.begin(), ports.end());
  }
  std::array<uint16_t, 3> own{free_port(), free_port(), free_port()};
  server_process server{binary_of(ours),
                        general + "server_name: victim\ncluster { name: G1, listen: \"" + at(own[0])
                            + "\", " + tls("server") + ", routes: [" + route_urls
                            + " ] }\ngateway { name: G1, listen: \"" + at(own[1]) + "\", "
                            + tls("server") + ", gateways: [" + remotes
                            + " ] }\nleafnodes { listen: \"" + at(own[2]) + "\", " + tls("server")
                            + ", reconnect: 30, remotes: [" + hubs + " ] }\n"};
  const std::array<std::string, 3> problem{
      "TLS route handshake error", "TLS gateway handshake error", "TLS leafnode handshake error"};
  auto judged = [&](peer_socket& who, const std::string& what, size_t port) {
    judge(server, who, {what, "", "", {problem[port]}}, at(who.own_port()));
  };
  std::vector<std::unique_ptr<peer_socket>> halves, plains; // these are waited for together
  for (auto port : own) {
    halves.push_back(std::make_unique<peer_socket>(port, patience));
    halves.back()->send(std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11});
    plains.push_back(std::make_unique<peer_socket>(port, patience));
    plains.back()->send("CONNECT {\"cluster\":\"G1\"}\r\n");
  }
  for (size_t i = 0; i < own.size(); ++i)
    for (const auto* name : {"", "other", "expired"}) {
      peer_socket who{own[i], patience};
      // A leaf node's port says INFO first, in the clear.
      while (i == 2 && who.unread().find("\r\n") == std::string_view::npos && who.read_more()) {
      }
      tls_options options{certificates.path() / "ca.pem", {}, {}, true};
      if (*name) {
        options.certificate = certificates.path() / (name + ".pem"s);
        options.key = certificates.path() / (name + "-key.pem"s);
      }
      CHECK(who.start_tls(options) != "");
      judged(who, "certificate: "s + name, i);
    }
  for (size_t i = 0; i < own.size(); ++i) {
    judged(*plains[i], "he speaks in the clear", i);
    judged(*halves[i], "he stops in the middle of the handshake", i);
  }
  for (size_t i = 0; i < dialled.size(); ++i) {
    CAPTURE(i);
    auto words = i < 3 ? "self-signed certificate" : "certificate has expired";
    CHECK(eventually([&] { return tells(server.log(), at(dialled[i]) + " - ", words); }));
  }
}
