// test/e2e/cnats_test.cpp: what applications see that speak through the stock C client.
#include "certificates.hpp"
#include "cnats_client.hpp"

#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;

/// A server with `config` for one test case; nothing if there is no server to test.
std::unique_ptr<server_process> start(const std::string& config = {}) {
  auto binary = server_under_test();
  return binary.empty() ? nullptr : std::make_unique<server_process>(binary, config);
}

natsStatus try_connecting(const options_ptr& options) {
  natsConnection* raw = nullptr;
  auto status = natsConnection_Connect(&raw, options.get());
  natsConnection_Destroy(raw);
  return status;
}
} // namespace

TEST_CASE("what one client publishes another receives byte for byte") {
  auto server = start();
  if (!server)
    return;
  auto alice = connect(*server);
  auto bob = connect(*server);
  auto orders = subscribe(bob, "orders.*");
  flush(bob);
  auto bytes = "a\0b\r\nPING\r\n\xff"s;
  publish(alice, "orders.new", bytes);
  publish(alice, "orders.none", "");
  auto first = next_message(orders);
  CHECK(text_of(first) == bytes);
  CHECK(natsMsg_GetSubject(first.get()) == "orders.new"s);
  CHECK(text_of(next_message(orders)).empty());
}

TEST_CASE("messages of one publisher arrive in their order") {
  auto server = start();
  if (!server)
    return;
  auto alice = connect(*server);
  auto bob = connect(*server);
  auto numbers = subscribe(bob, "numbers");
  flush(bob);
  for (int i = 0; i < 10000; ++i)
    publish(alice, "numbers", std::to_string(i));
  for (int i = 0; i < 10000; ++i)
    REQUIRE(text_of(next_message(numbers)) == std::to_string(i));
}

TEST_CASE("a queue group shares its messages, each member gets some and none is lost") {
  auto server = start();
  if (!server)
    return;
  auto publisher = connect(*server);
  std::vector<connection_ptr> workers;
  std::vector<subscription_ptr> members;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(connect(*server));
    members.push_back(subscribe(workers.back(), "jobs", "workers"));
    flush(workers.back());
  }
  for (int i = 0; i < 3000; ++i)
    publish(publisher, "jobs", "x");
  flush(publisher);
  int total = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    flush(workers[i]); // whatever was sent to this member has been received now
    int mine = 0;
    must(natsSubscription_GetPending(members[i].get(), &mine, nullptr), "pending");
    CHECK(mine > 0);
    total += mine;
  }
  CHECK(total == 3000);
}

TEST_CASE("a request with headers is answered with headers") {
  auto server = start();
  if (!server)
    return;
  auto requester = connect(*server);
  auto responder = connect(*server);
  natsSubscription* raw = nullptr;
  auto answer = [](natsConnection* via, natsSubscription*, natsMsg* request, void*) {
    const char* colour = "none";
    natsMsgHeader_Get(request, "Colour", &colour);
    natsMsg* reply = nullptr;
    natsMsg_Create(&reply, natsMsg_GetReply(request), nullptr, "done", 4);
    natsMsgHeader_Set(reply, "Echo", colour);
    natsConnection_PublishMsg(via, reply);
    natsMsg_Destroy(reply);
    natsMsg_Destroy(request);
  };
  must(natsConnection_Subscribe(&raw, responder.get(), "paint", answer, nullptr), "subscribe");
  subscription_ptr service{raw, natsSubscription_Destroy};
  flush(responder);
  natsMsg* request = nullptr;
  must(natsMsg_Create(&request, "paint", nullptr, "please", 6), "message");
  message_ptr owned{request, natsMsg_Destroy};
  must(natsMsgHeader_Set(request, "Colour", "blue"), "header");
  for (int i = 0; i < 100; ++i) {
    natsMsg* reply = nullptr;
    must(natsConnection_RequestMsg(&reply, requester.get(), request, 20000), "request");
    message_ptr got{reply, natsMsg_Destroy};
    const char* echo = nullptr;
    must(natsMsgHeader_Get(reply, "Echo", &echo), "header of the reply");
    CHECK(text_of(got) == "done");
    CHECK(echo == "blue"s);
  }
}

TEST_CASE("a request that nobody serves fails as such, long before its timeout") {
  auto server = start();
  if (!server)
    return;
  auto requester = connect(*server);
  natsMsg* reply = nullptr;
  auto status = natsConnection_RequestString(&reply, requester.get(), "nobody.home", "hi", 60000);
  natsMsg_Destroy(reply);
  CHECK(status == NATS_NO_RESPONDERS);
}

TEST_CASE("auto-unsubscribe delivers just as many messages as it says") {
  auto server = start();
  if (!server)
    return;
  auto alice = connect(*server);
  auto limited = subscribe(alice, "foo");
  must(natsSubscription_AutoUnsubscribe(limited.get(), 5), "auto-unsubscribe");
  for (int i = 0; i < 20; ++i)
    publish(alice, "foo", std::to_string(i));
  flush(alice);
  for (int i = 0; i < 5; ++i)
    CHECK(text_of(next_message(limited)) == std::to_string(i));
  natsMsg* more = nullptr;
  CHECK(natsSubscription_NextMsg(&more, limited.get(), 1000) != NATS_OK);
  natsMsg_Destroy(more);
}

TEST_CASE("without echo a client hears others and not itself") {
  auto server = start();
  if (!server)
    return;
  auto options = options_for(*server);
  must(natsOptions_SetNoEcho(options.get(), true), "no echo");
  auto quiet = connect(options);
  auto other = connect(*server);
  auto foo = subscribe(quiet, "foo");
  flush(quiet);
  publish(quiet, "foo", "mine");
  flush(quiet);
  publish(other, "foo", "theirs");
  CHECK(text_of(next_message(foo)) == "theirs");
}

TEST_CASE("the client learns the server's payload limit and messages up to it pass") {
  auto server = start("max_payload: 100000\n");
  if (!server)
    return;
  auto alice = connect(*server);
  auto foo = subscribe(alice, "foo");
  CHECK(natsConnection_GetMaxPayload(alice.get()) == 100000);
  std::string most(100000, 'x');
  publish(alice, "foo", most);
  CHECK(text_of(next_message(foo)) == most);
}

TEST_CASE("users are told apart by their passwords") {
  auto server = start("authorization { user: alice, password: wonder }\n");
  if (!server)
    return;
  auto options = options_for(*server);
  CHECK(try_connecting(options) == NATS_CONNECTION_AUTH_FAILED);
  must(natsOptions_SetUserInfo(options.get(), "alice", "wander"), "user");
  CHECK(try_connecting(options) == NATS_CONNECTION_AUTH_FAILED);
  must(natsOptions_SetUserInfo(options.get(), "alice", "wonder"), "user");
  CHECK(try_connecting(options) == NATS_OK);
}

TEST_CASE("a token lets its holder in") {
  auto server = start("authorization { token: open-sesame }\n");
  if (!server)
    return;
  auto options = options_for(*server);
  CHECK(try_connecting(options) == NATS_CONNECTION_AUTH_FAILED);
  must(natsOptions_SetToken(options.get(), "open-sesame"), "token");
  CHECK(try_connecting(options) == NATS_OK);
}

TEST_CASE("a permissions violation is told and leaves the connection open") {
  auto server = start("authorization { users: [ { user: u, password: p, permissions {\n"
                      "  publish: ok, subscribe: ok } } ] }\n");
  if (!server)
    return;
  connection_events events;
  auto options = options_for(*server);
  must(natsOptions_SetUserInfo(options.get(), "u", "p"), "user");
  events.listen(options);
  {
    auto alice = connect(options);
    publish(alice, "forbidden", "x");
    CHECK(events.wait_for(natsStatus_GetText(NATS_NOT_PERMITTED)));
    auto ok = subscribe(alice, "ok");
    publish(alice, "ok", "still here");
    CHECK(text_of(next_message(ok)) == "still here");
  }
  CHECK(events.wait_for("closed"));
}

TEST_CASE("over TLS a client that trusts the authority is served, another is not") {
  if (server_under_test().empty())
    return;
  scratch_folder pki;
  write_certificates(pki.path());
  auto file = [&](const char* name) { return (pki.path() / name).string(); };
  auto server = start("tls { cert_file: \"" + file("server.pem") + "\", key_file: \""
                      + file("server-key.pem") + "\" }\n");
  auto options = options_for(*server, "tls");
  must(natsOptions_SetSecure(options.get(), true), "secure");
  CHECK(try_connecting(options) == NATS_SSL_ERROR);
  must(natsOptions_LoadCATrustedCertificates(options.get(), file("ca.pem").c_str()), "authority");
  auto alice = connect(options);
  auto bob = connect(options);
  auto foo = subscribe(bob, "foo");
  flush(bob);
  std::string large(500000, 'x');
  publish(alice, "foo", large);
  CHECK(text_of(next_message(foo)) == large);
}
