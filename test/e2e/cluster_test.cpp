// test/e2e/cluster_test.cpp: clusters of Troupe alone, and mixed with nats-server.
#include "certificates.hpp"
#include "cnats_client.hpp"
#include "peer_socket.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using clock_type = std::chrono::steady_clock;

/// Which binary a member of a cluster is.
enum class kind : uint8_t { ours, theirs };
using enum kind;

std::string binary_of(kind what) {
  if (what == ours)
    return server_under_test();
  const auto* peer = std::getenv("TROUPE_E2E_PEER");
  return peer ? peer : "";
}

std::string name_of(kind what) {
  return what == ours ? "troupe" : "nats-server";
}

/// A port that nothing listens on at the moment.
uint16_t free_port() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// One member; everything but its own port and its routes is `extra`.
struct member_plan {
  kind what = ours;
  uint16_t port = free_port(); ///< of its cluster listener
  std::vector<uint16_t> dials = {};
  std::string extra = {}; ///< inside of cluster {}
  std::string name = "C1";
  std::string login = {}; ///< "user:password@" in the routes
  std::string top = {};   ///< outside of cluster {}
};

std::string config_of(const member_plan& plan) {
  std::string routes;
  for (auto port : plan.dials)
    routes += "nats-route://" + plan.login + "127.0.0.1:" + std::to_string(port) + " ";
  return "server_name: n" + std::to_string(plan.port) + "\n" + plan.top
         + "http: \"127.0.0.1:-1\"\ncluster {\n  name: \"" + plan.name
         + "\"\n  listen: \"127.0.0.1:" + std::to_string(plan.port) + "\"\n  routes: [" + routes
         + "]\n  " + plan.extra + "\n}\n";
}

std::unique_ptr<server_process> start(const member_plan& plan) {
  return std::make_unique<server_process>(binary_of(plan.what), config_of(plan));
}

/// True if there is a real server to mix with.
bool has_peer() {
  return !server_under_test().empty() && !binary_of(theirs).empty();
}

/// Calls until it says true; false at the deadline. Each call waits for something itself.
template <class F>
bool eventually(F&& holds) {
  auto until = clock_type::now() + patience;
  while (clock_type::now() < until)
    if (holds())
      return true;
  return false;
}

bool arrives(const subscription_ptr& at, std::chrono::milliseconds wait) {
  natsMsg* raw = nullptr;
  auto status = natsSubscription_NextMsg(&raw, at.get(), wait.count());
  natsMsg_Destroy(raw);
  return status == NATS_OK;
}

/// What `there` subscribed to before is known where `here` publishes: for what comes later on the
/// same connection is.
bool settled(const connection_ptr& here, const connection_ptr& there) {
  static int number = 0;
  auto subject = "probe." + std::to_string(++number);
  auto probe = subscribe(there, subject.c_str());
  flush(there);
  return eventually([&] {
    publish(here, subject.c_str(), "?");
    flush(here);
    return arrives(probe, std::chrono::milliseconds{20});
  });
}

/// How many messages are waiting, when no more are on their way.
size_t count_waiting(const subscription_ptr& at) {
  int messages = 0;
  natsSubscription_GetPending(at.get(), &messages, nullptr);
  return static_cast<size_t>(messages);
}

/// Everything that was published by `from` before has come to `at`.
void barrier(const connection_ptr& from, const connection_ptr& at) {
  static int number = 0;
  auto subject = "barrier." + std::to_string(++number);
  auto last = subscribe(at, subject.c_str());
  REQUIRE(settled(from, at));
  publish(from, subject.c_str(), "");
  flush(from);
  REQUIRE(arrives(last, patience));
}

std::string http(const server_process& server, const std::string& path) {
  peer_socket peer{server.monitoring_port(), patience};
  peer.send("GET " + path + " HTTP/1.0\r\n\r\n");
  while (peer.read_more()) {
  }
  return std::string{peer.unread()};
}

void answer(natsConnection* at, natsSubscription*, natsMsg* request, void* text) {
  natsConnection_PublishString(at, natsMsg_GetReply(request), static_cast<const char*>(text));
  natsMsg_Destroy(request);
}

/// Deliveries, requests and queue groups between the clients of two members.
void exchange(const server_process& first, const server_process& second) {
  auto alice = connect(first);
  auto bob = connect(second);
  auto at_bob = subscribe(bob, "to.bob.*");
  auto at_alice = subscribe(alice, "to.alice.>");
  REQUIRE(settled(alice, bob));
  REQUIRE(settled(bob, alice));

  publish(alice, "to.bob.x", "hello");
  publish(bob, "to.alice.y.z", "hi");
  CHECK(text_of(next_message(at_bob)) == "hello");
  CHECK(text_of(next_message(at_alice)) == "hi");
  std::string large(300'000, 'l');
  publish(alice, "to.bob.large", large);
  CHECK(text_of(next_message(at_bob)) == large);

  natsMsg* raw = nullptr;
  must(natsMsg_Create(&raw, "to.bob.headers", nullptr, "body", 4), "create");
  message_ptr with_header{raw, natsMsg_Destroy};
  must(natsMsgHeader_Set(raw, "Key", "Value"), "header");
  must(natsConnection_PublishMsg(alice.get(), raw), "publish");
  auto got = next_message(at_bob);
  const char* value = nullptr;
  must(natsMsgHeader_Get(got.get(), "Key", &value), "header");
  CHECK(value == "Value"s);
  CHECK(text_of(got) == "body");

  for (int i = 0; i < 1000; ++i)
    publish(alice, "to.bob.order", std::to_string(i));
  for (int i = 0; i < 1000; ++i)
    REQUIRE(text_of(next_message(at_bob)) == std::to_string(i));
}

/// A request that comes right behind the subscription of its inbox is answered.
void ask(const server_process& first, const server_process& second) {
  auto alice = connect(first);
  auto bob = connect(second);
  natsSubscription* raw = nullptr;
  char text[] = "yes";
  must(natsConnection_Subscribe(&raw, bob.get(), "ask", answer, text), "subscribe");
  subscription_ptr service{raw, natsSubscription_Destroy};
  REQUIRE(settled(alice, bob));
  for (int i = 0; i < 50; ++i) {
    auto fresh = connect(first); // its inbox is unknown everywhere
    natsMsg* reply = nullptr;
    must(natsConnection_RequestString(&reply, fresh.get(), "ask", "?", 5000), "request");
    message_ptr owned{reply, natsMsg_Destroy};
    REQUIRE(text_of(owned) == "yes");
  }
}

/// Members on both sides: each message goes to one of them, and both sides get some.
void share(const server_process& first, const server_process& second) {
  auto alice = connect(first);
  auto bob = connect(second);
  auto near = subscribe(alice, "work", "g");
  auto far = subscribe(bob, "work", "g");
  auto far_too = subscribe(bob, "work", "g");
  auto everybody = subscribe(bob, "work");
  flush(alice);
  REQUIRE(settled(alice, bob));
  for (int i = 0; i < 600; ++i)
    publish(alice, "work", "");
  barrier(alice, bob);
  barrier(bob, alice);
  auto here = count_waiting(near);
  auto there = count_waiting(far) + count_waiting(far_too);
  CHECK(here + there == 600);
  CHECK(here > 100); // a third each
  CHECK(there > 300);
  CHECK(count_waiting(everybody) == 600);
}

void all_of_it(const server_process& first, const server_process& second) {
  exchange(first, second);
  exchange(second, first);
  ask(first, second);
  ask(second, first);
  share(first, second);
  share(second, first);
}
} // namespace

TEST_CASE("clients of two members hear each other, whoever dialled") {
  if (!has_peer())
    return;
  using pair = std::array<kind, 2>;
  for (const auto& who : {pair{ours, ours}, pair{ours, theirs}, pair{theirs, ours}}) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    member_plan a{who[0]};
    member_plan b{who[1]};
    b.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    all_of_it(*first, *second);
  }
}

TEST_CASE("members that dial each other at the same time keep one connection") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.dials = {b.port};
    b.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    exchange(*first, *second);
    CHECK(http(*first, "/routez").find("\"num_routes\": 1,") != std::string::npos);
  }
}

TEST_CASE("members learn of each other by gossip, and each message comes once") {
  if (!has_peer())
    return;
  for (auto hub : {ours, theirs}) {
    CAPTURE(name_of(hub));
    member_plan a{hub};
    member_plan b{ours};
    member_plan c{theirs};
    member_plan d{ours};
    b.dials = c.dials = d.dials = {a.port};
    auto first = start(a);
    auto second = start(b);
    auto third = start(c);
    auto fourth = start(d);
    exchange(*second, *third);
    exchange(*third, *fourth);
    exchange(*fourth, *second);
    auto alice = connect(*second);
    std::array<connection_ptr, 3> others{connect(*first), connect(*third), connect(*fourth)};
    std::vector<subscription_ptr> heard;
    for (auto& each : others) {
      heard.push_back(subscribe(each, "all"));
      REQUIRE(settled(alice, each));
    }
    for (int i = 0; i < 100; ++i)
      publish(alice, "all", "");
    for (size_t i = 0; i < others.size(); ++i) {
      barrier(alice, others[i]);
      CHECK(count_waiting(heard[i]) == 100);
    }
    CHECK(http(*second, "/routez").find("\"num_routes\": 3,") != std::string::npos);
    CHECK(http(*second, "/varz").find("\"remotes\": 3,") != std::string::npos);
  }
}

TEST_CASE("a member that is killed and comes back is found again") {
  if (!has_peer())
    return;
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.dials = {b.port};
    auto first = start(a);
    auto second = start(b);
    exchange(*first, *second);
    second->signal(SIGKILL);
    REQUIRE(second->wait_for_exit(patience));
    second.reset();
    second = start(b);
    exchange(*first, *second);
  }
}

TEST_CASE("a peer with the wrong password, or of another cluster, does not come in") {
  if (!has_peer())
    return;
  std::string guarded = "authorization { user: \"mesh\", password: \"open\" }";
  member_plan a{ours};
  a.extra = guarded;
  auto first = start(a);
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan b{other};
    b.dials = {a.port};
    b.extra = guarded;
    b.login = "mesh:shut@";
    auto second = start(b);
    CHECK(eventually([&] {
      return first->log().find("Authorization Violation") != std::string::npos
             && second->log().find("Authorization Violation") != std::string::npos;
    }));
    CHECK(first->log().find("shut") == std::string::npos);
    second.reset();
    b.login = "mesh:open@";
    second = start(b);
    exchange(*first, *second);
    second.reset();
    b.name = "C2";
    second = start(b);
    CHECK(eventually([&] {
      return first->log().find("cluster name \"C2\" does not match \"C1\"") != std::string::npos;
    }));
  }
}

TEST_CASE("routes are encrypted, and both ends show a certificate") {
  if (!has_peer())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  auto tls = [&](const std::string& name) {
    auto file = [&](const std::string& what) {
      return "\"" + (certificates.path() / what).string() + "\"";
    };
    return "tls { cert_file: " + file(name + ".pem") + ", key_file: " + file(name + "-key.pem")
           + ", ca_file: " + file("ca.pem") + " }";
  };
  for (auto other : {ours, theirs}) {
    CAPTURE(name_of(other));
    member_plan a{ours};
    member_plan b{other};
    a.extra = b.extra = tls("server");
    auto first = start(a);
    b.dials = {a.port};
    auto second = start(b);
    exchange(*first, *second);
    exchange(*second, *first);
    b.extra = tls("other");
    second.reset();
    second = start(b);
    CHECK(eventually(
        [&] { return first->log().find("TLS route handshake error") != std::string::npos; }));
  }
}

TEST_CASE("routes come and go with a reload") {
  if (server_under_test().empty())
    return;
  member_plan a{ours};
  member_plan b{ours};
  auto first = start(a);
  auto second = start(b);
  a.dials = {b.port};
  first->write_config(config_of(a));
  first->reload(patience);
  exchange(*first, *second);
  a.dials = {};
  first->write_config(config_of(a));
  first->reload(patience);
  CHECK(eventually(
      [&] { return http(*first, "/routez").find("\"num_routes\": 0,") != std::string::npos; }));
}

TEST_CASE("what is not a route is refused on the port of the cluster") {
  if (server_under_test().empty())
    return;
  member_plan a{ours};
  auto first = start(a);
  for (const auto& each : std::vector<std::pair<std::string, std::string>>{
           {"CONNECT {\"lang\":\"go\",\"cluster\":\"C1\"}\r\n",
            "-ERR 'attempted to connect to route port'"},
           {"CONNECT {\"gateway\":\"G\",\"cluster\":\"C1\"}\r\n",
            "-ERR 'Rejecting connection from gateway \"G\" on the Route port'"},
           {"CONNECT {\"cluster\":\"C2\"}\r\n",
            "-ERR 'Rejecting connection, cluster name \"C2\" does not match \"C1\"'"},
           {"RS+ $G foo\r\n", "-ERR 'Authorization Violation'"},
           {"GET / HTTP/1.1\r\n\r\n", "-ERR 'Unknown Protocol Operation'"},
           {"CONNECT {\"cluster\":\"C1\"}\r\nINFO {\"server_id\":\"X\",\"cluster\":\"C1\"}\r\n"
            "RS+ $G ..\r\nPING\r\n",
            "-ERR 'Invalid Subscription'\r\nPONG"}}) {
    CAPTURE(each.first);
    peer_socket peer{a.port, patience};
    peer.send(each.first);
    while (peer.unread().find(each.second) == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find(each.second) != std::string_view::npos);
  }
}
