// test/e2e/mixed_servers.cpp: what clients of two linked servers exchange.
#include "mixed_servers.hpp"

#include "peer_socket.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <doctest/doctest.h>

namespace troupe::e2e {

using namespace std::string_literals;

namespace {
constexpr auto patience_ms = std::chrono::milliseconds{patience}.count();
}

std::string binary_of(kind what) {
  if (what == kind::ours)
    return server_under_test();
  const auto* peer = std::getenv("TROUPE_E2E_PEER");
  return peer ? peer : "";
}

std::string name_of(kind what) {
  return what == kind::ours ? "troupe" : "nats-server";
}

bool pools_routes(kind what) {
  if (what == kind::ours)
    return true;
  auto command = binary_of(what) + " --version";
  std::unique_ptr<FILE, int (*)(FILE*)> out{::popen(command.c_str(), "r"), ::pclose};
  std::array<char, 64> line{};
  return out && std::fgets(line.data(), line.size(), out.get())
         && std::string_view{line.data()}.find("v2.9.") == std::string_view::npos;
}

bool has_peer() {
  return !server_under_test().empty() && !binary_of(kind::theirs).empty();
}

bool arrives(const subscription_ptr& at, std::chrono::milliseconds wait) {
  natsMsg* raw = nullptr;
  auto status = natsSubscription_NextMsg(&raw, at.get(), wait.count());
  natsMsg_Destroy(raw);
  return status == NATS_OK;
}

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

size_t count_waiting(const subscription_ptr& at) {
  int messages = 0;
  natsSubscription_GetPending(at.get(), &messages, nullptr);
  return static_cast<size_t>(messages);
}

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
    must(natsConnection_RequestString(&reply, fresh.get(), "ask", "?", patience_ms), "request");
    message_ptr owned{reply, natsMsg_Destroy};
    REQUIRE(text_of(owned) == "yes");
  }
}

} // namespace troupe::e2e
