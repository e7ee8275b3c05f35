// test/e2e/mixed_servers.hpp: servers of both kinds that are linked, and what their clients
// exchange.
#pragma once
#include "cnats_client.hpp"
#include "free_port.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe::e2e {

/// Which binary a server is: ours, or the one that TROUPE_E2E_PEER names.
enum class kind : uint8_t { ours, theirs };

std::string binary_of(kind what);
std::string name_of(kind what);
/// We do, and nats-server from 2.10 on: several connections to each member of a cluster.
bool pools_routes(kind what);
/// True if there is a real server to mix with.
bool has_peer();

/// Calls until it says true; false at the deadline. Each call waits for something itself.
template <class F>
bool eventually(F&& holds) {
  auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until)
    if (holds())
      return true;
  return false;
}

bool arrives(const subscription_ptr& at, std::chrono::milliseconds wait);
/// What `there` subscribed to before is known where `here` publishes: for what comes later on the
/// same connection is.
bool settled(const connection_ptr& here, const connection_ptr& there);
/// How many messages are waiting, when no more are on their way.
size_t count_waiting(const subscription_ptr& at);
/// Everything that was published by `from` before has come to `at`.
void barrier(const connection_ptr& from, const connection_ptr& at);
/// The answer to a GET on the monitoring port.
std::string http(const server_process& server, const std::string& path);
/// A natsMsgHandler whose closure is the text to answer.
void answer(natsConnection* at, natsSubscription*, natsMsg* request, void* text);

/// Deliveries between the clients of two servers.
void exchange(const server_process& first, const server_process& second);
/// Requests that come right behind the subscription of their inbox are answered.
void ask(const server_process& first, const server_process& second);

} // namespace troupe::e2e
