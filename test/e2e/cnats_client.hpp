// test/e2e/cnats_client.hpp: the stock C client, owned and waited for as tests need it.
#pragma once
#include "server_process.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nats/nats.h>

namespace troupe::e2e {
using options_ptr = std::unique_ptr<natsOptions, void (*)(natsOptions*)>;
using connection_ptr = std::unique_ptr<natsConnection, void (*)(natsConnection*)>;
using subscription_ptr = std::unique_ptr<natsSubscription, void (*)(natsSubscription*)>;
using message_ptr = std::unique_ptr<natsMsg, void (*)(natsMsg*)>;

inline constexpr std::chrono::seconds patience{20};

/// The binary that TROUPE_E2E_SERVER names; empty if there is none to test.
std::string server_under_test();

/// Fails the test case unless `status` is NATS_OK.
void must(natsStatus status, std::string_view what);

/// Options that suit tests: quick reconnects, everything sent at once.
options_ptr options_for(const server_process& server, const char* scheme = "nats");

/// Connects or fails the test case.
connection_ptr connect(const options_ptr& options);
connection_ptr connect(const server_process& server);

subscription_ptr subscribe(const connection_ptr& to, const char* subject);
subscription_ptr subscribe(const connection_ptr& to, const char* subject, const char* queue);
message_ptr next_message(const subscription_ptr& from);
std::string text_of(const message_ptr& message);
void publish(const connection_ptr& from, const char* subject, std::string_view payload);
void flush(const connection_ptr& all_of);

/// Collects payloads that arrive on the client's own threads.
class inbox {
public:
  void add(std::string payload);
  /// False if fewer than `count` have arrived by the deadline.
  bool wait_for(size_t count);
  size_t size();
  std::vector<std::string> payloads();
  /// A natsMsgHandler whose closure is an inbox.
  static void collect(natsConnection*, natsSubscription*, natsMsg* message, void* closure);

private:
  std::mutex access_;
  std::condition_variable grown_;
  std::vector<std::string> payloads_;
};

/// Remembers what the client told about its connection.
class connection_events {
public:
  /// Registers for disconnects, reconnects, lame duck, errors and the final close.
  void listen(const options_ptr& options);
  /// False if `what` was not told by the deadline: "disconnected", "reconnected", "lame duck",
  /// "closed" or the text of an error's status.
  bool wait_for(std::string_view what);

private:
  void tell(std::string what);

  std::mutex access_;
  std::condition_variable told_;
  std::vector<std::string> events_;
};
} // namespace troupe::e2e
