// cli/client.hpp: a small blocking NATS client, for one thread.
#pragma once

#include "cli/header_block.hpp"
#include "cli/session.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace troupe::protocol {
struct server_message;
}

namespace troupe::cli {

/// One received message; owns its bytes.
struct message {
  uint64_t subscription = 0; ///< what subscribe() gave
  std::string subject;
  std::string reply;
  std::string header_block; ///< as on the wire; empty: none
  std::string payload;
};

enum class arrival : uint8_t { message, timeout, stopped };

class client {
public:
  /// `stop_fd` (an eventfd, say) ends every wait when it becomes readable; -1: nothing does.
  explicit client(connect_options options, int stop_fd = -1);

  /// Hears in one sentence that the connection was lost or is back.
  void on_event(std::function<void(const std::string&)> handler) { tell_ = std::move(handler); }

  outcome connect();
  /// Queues a publish; written when 64 KiB are queued, or by flush() and next().
  outcome publish(std::string_view subject, std::string_view payload, std::string_view reply = {},
                  const header_list& headers = {});
  outcome subscribe(std::string_view subject, std::string_view queue, uint64_t& id);
  /// `max` 0: at once; otherwise when that many messages of this subscription have arrived.
  outcome unsubscribe(uint64_t id, uint64_t max = 0);
  /// Writes what is queued and waits until the server has read it. A refusal (a permission, say) of
  /// anything sent before is the outcome.
  outcome flush(std::chrono::nanoseconds timeout);
  /// Waits for a message. Connects and subscribes again if the connection is lost; gives up after
  /// `reconnect_limit()` attempts.
  outcome next(message& out, steady_time deadline, arrival& how);
  /// Connects and subscribes again, with back-off, until `deadline` or the limit of attempts.
  outcome reconnect(steady_time deadline);

  void set_reconnect_limit(uint32_t attempts) { reconnect_limit_ = attempts; }
  uint32_t reconnect_limit() const { return reconnect_limit_; }
  const server_info& info() const { return session_.info; }
  const server_address& server() const { return session_.where; }
  /// A subject nobody else uses: `_INBOX.` and 22 random characters.
  static std::string new_inbox();

private:
  struct interest {
    std::string subject;
    std::string queue;
    uint64_t max = 0; ///< 0: no limit
    uint64_t received = 0;
  };
  struct ear;

  void queue_subscription(uint64_t id, const interest& what);
  outcome write_queued(steady_time deadline);
  outcome read_available();
  outcome take_refusal();
  outcome lost(std::string why);
  void accept(const protocol::server_message& msg);
  void hear_error(std::string_view text);
  bool nap(std::chrono::nanoseconds length) const;

  connect_options options_;
  int stop_fd_;
  uint32_t reconnect_limit_ = 60;
  std::function<void(const std::string&)> tell_;
  tls_context tls_;
  session session_;
  std::string queued_;
  std::string last_words_; ///< why the server said it closes
  std::deque<message> inbox_;
  outcome refusal_;
  std::map<uint64_t, interest> interests_;
  uint64_t last_id_ = 0;
  uint64_t pings_sent_ = 0;
  uint64_t pongs_heard_ = 0;
};

} // namespace troupe::cli
