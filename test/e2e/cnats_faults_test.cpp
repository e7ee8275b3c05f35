// test/e2e/cnats_faults_test.cpp: what the stock C client keeps when members and brokers leave.
#include "cnats_client.hpp"
#include "free_port.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;

subscription_ptr collect(const connection_ptr& to, const char* subject, const char* queue,
                         inbox& into) {
  natsSubscription* raw = nullptr;
  must(natsConnection_QueueSubscribe(&raw, to.get(), subject, queue, inbox::collect, &into),
       "queue subscribe");
  return {raw, natsSubscription_Destroy};
}

/// What is missing or too much of the numbers 0 to count-1; empty if each is there once.
std::string odd_ones(const std::vector<std::string>& payloads, size_t count) {
  std::vector<size_t> seen(count);
  std::string out;
  for (auto& payload : payloads)
    if (auto number = std::stoul(payload); number < count)
      ++seen[number];
    else
      out += payload + " was never published; ";
  size_t listed = 0;
  for (size_t number = 0; number < count && listed < 20; ++number)
    if (seen[number] != 1 && ++listed)
      out += std::to_string(number) + " came " + std::to_string(seen[number]) + " times; ";
  return out;
}

/// What the client itself threw away because its callbacks were too slow.
int64_t dropped_by(const subscription_ptr& subscription) {
  int64_t out = 0;
  must(natsSubscription_GetDropped(subscription.get(), &out), "dropped");
  return out;
}

/// Publishes 0, 1, 2 ... on "jobs" from a thread of its own until it is told to stop. It stays
/// within reach of what `received`: a client throws away what it cannot hand to its callbacks, from
/// 65 536 messages of one subscription on, and on a busy machine callbacks fall that far behind.
class steady_publisher {
public:
  steady_publisher(const server_process& server, inbox& received)
      : connection_{connect(server)}, received_{received}, thread_{[this] { run(); }} {}
  ~steady_publisher() { stop(); }

  /// Returns how many messages the server has taken.
  size_t stop() {
    stopping_ = true;
    if (thread_.joinable())
      thread_.join();
    return published_;
  }

private:
  void run() {
    while (!stopping_) {
      for (int i = 0; i < 100; ++i) {
        auto text = std::to_string(published_++);
        auto size = static_cast<int>(text.size());
        natsConnection_Publish(connection_.get(), "jobs", text.data(), size);
      }
      natsConnection_Flush(connection_.get());
      if (published_ > reach && !received_.wait_for(published_ - reach))
        return; // something is lost: the test will say what
    }
  }

  static constexpr size_t reach = 20'000;
  connection_ptr connection_;
  inbox& received_;
  std::atomic<bool> stopping_{false};
  size_t published_ = 0;
  std::thread thread_;
};
} // namespace

TEST_CASE("nothing is lost while a queue member drains its subscription under load") {
  auto binary = server_under_test();
  if (binary.empty())
    return;
  server_process server{binary, ""};
  auto staying = connect(server);
  auto leaving = connect(server);
  inbox all;
  auto first = collect(staying, "jobs", "workers", all);
  auto second = collect(leaving, "jobs", "workers", all);
  flush(staying);
  flush(leaving);
  steady_publisher publisher{server, all};
  REQUIRE(all.wait_for(5000));
  must(natsSubscription_Drain(second.get()), "drain");
  must(natsSubscription_WaitForDrainCompletion(second.get(), 20000), "drained");
  auto published = publisher.stop();
  CHECK(all.wait_for(published));
  CHECK(dropped_by(first) == 0);
  CHECK(odd_ones(all.payloads(), published) == "");
}

TEST_CASE("nothing is lost while connections of queue members drain one after the other") {
  auto binary = server_under_test();
  if (binary.empty())
    return;
  server_process server{binary, ""};
  auto staying = connect(server);
  inbox all;
  auto first = collect(staying, "jobs", "workers", all);
  flush(staying);
  steady_publisher publisher{server, all};
  for (int i = 0; i < 5; ++i) {
    connection_events events;
    auto options = options_for(server);
    events.listen(options);
    auto leaving = connect(options);
    auto member = collect(leaving, "jobs", "workers", all);
    flush(leaving);
    CHECK(all.wait_for(all.size() + 1000));
    must(natsConnection_Drain(leaving.get()), "drain");
    CHECK(events.wait_for("closed"));
  }
  auto published = publisher.stop();
  CHECK(all.wait_for(published));
  CHECK(dropped_by(first) == 0);
  CHECK(odd_ones(all.payloads(), published) == "");
}

TEST_CASE("a client finds a restarted broker again with its subscriptions and buffered messages") {
  auto binary = server_under_test();
  if (binary.empty())
    return;
  auto port = free_port();
  auto server = std::make_unique<server_process>(binary, "", port);
  connection_events events;
  auto options = options_for(*server);
  events.listen(options);
  auto alice = connect(options);
  auto orders = subscribe(alice, "orders");
  publish(alice, "orders", "before");
  CHECK(text_of(next_message(orders)) == "before");
  server.reset();
  REQUIRE(events.wait_for("disconnected"));
  publish(alice, "orders", "meanwhile");
  server = std::make_unique<server_process>(binary, "", port);
  REQUIRE(events.wait_for("reconnected"));
  publish(alice, "orders", "after");
  CHECK(text_of(next_message(orders)) == "meanwhile");
  CHECK(text_of(next_message(orders)) == "after");
  alice.reset();
  CHECK(events.wait_for("closed"));
}

TEST_CASE("a client is told when its broker becomes a lame duck") {
  auto binary = server_under_test();
  if (binary.empty())
    return;
  server_process server{binary, "lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"20s\"\n"};
  connection_events events;
  auto options = options_for(server);
  events.listen(options);
  auto alice = connect(options);
  flush(alice);
  server.signal(SIGUSR2);
  CHECK(events.wait_for("lame duck"));
  auto foo = subscribe(alice, "foo");
  publish(alice, "foo", "still served");
  CHECK(text_of(next_message(foo)) == "still served");
  alice.reset();
  CHECK(events.wait_for("closed"));
}

TEST_CASE("a thousand clients come and go and the next one is served") {
  auto binary = server_under_test();
  if (binary.empty())
    return;
  server_process server{binary, ""};
  auto options = options_for(server);
  for (int i = 0; i < 1000; ++i) {
    auto guest = connect(options);
    publish(guest, "visits", "x");
  }
  auto last = connect(server);
  auto visits = subscribe(last, "visits");
  publish(last, "visits", "last");
  CHECK(text_of(next_message(visits)) == "last");
  CHECK(server.stop() == 0);
}
