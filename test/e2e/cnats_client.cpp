// test/e2e/cnats_client.cpp: the stock C client, owned and waited for as tests need it.
#include "cnats_client.hpp"

#include <algorithm>
#include <cstdlib>

#include <doctest/doctest.h>
#include <unistd.h>

namespace troupe::e2e {
std::string server_under_test() {
  auto binary = std::getenv("TROUPE_E2E_SERVER");
  if (binary && ::access(binary, X_OK) == 0)
    return binary;
  MESSAGE("skipped: TROUPE_E2E_SERVER names no server");
  return {};
}

void must(natsStatus status, std::string_view what) {
  if (status != NATS_OK)
    FAIL(std::string{what} << ": " << natsStatus_GetText(status));
}

options_ptr options_for(const server_process& server, const char* scheme) {
  natsOptions* raw = nullptr;
  must(natsOptions_Create(&raw), "options");
  options_ptr out{raw, natsOptions_Destroy};
  auto url = std::string{scheme} + "://localhost:" + std::to_string(server.port());
  must(natsOptions_SetURL(raw, url.c_str()), "URL");
  must(natsOptions_SetTimeout(raw, std::chrono::milliseconds{patience}.count()), "timeout");
  must(natsOptions_SetReconnectWait(raw, 20), "reconnect wait");
  must(natsOptions_SetReconnectJitter(raw, 1, 1), "reconnect jitter");
  must(natsOptions_SetMaxReconnect(raw, 1000), "reconnects");
  return out;
}

connection_ptr connect(const options_ptr& options) {
  natsConnection* raw = nullptr;
  must(natsConnection_Connect(&raw, options.get()), "connect");
  return {raw, natsConnection_Destroy};
}

connection_ptr connect(const server_process& server) {
  return connect(options_for(server));
}

subscription_ptr subscribe(const connection_ptr& to, const char* subject) {
  natsSubscription* raw = nullptr;
  must(natsConnection_SubscribeSync(&raw, to.get(), subject), "subscribe");
  return {raw, natsSubscription_Destroy};
}

subscription_ptr subscribe(const connection_ptr& to, const char* subject, const char* queue) {
  natsSubscription* raw = nullptr;
  must(natsConnection_QueueSubscribeSync(&raw, to.get(), subject, queue), "queue subscribe");
  return {raw, natsSubscription_Destroy};
}

message_ptr next_message(const subscription_ptr& from) {
  natsMsg* raw = nullptr;
  auto wait = std::chrono::milliseconds{patience}.count();
  must(natsSubscription_NextMsg(&raw, from.get(), wait), "next message");
  return {raw, natsMsg_Destroy};
}

std::string text_of(const message_ptr& message) {
  return {natsMsg_GetData(message.get()),
          static_cast<size_t>(natsMsg_GetDataLength(message.get()))};
}

void publish(const connection_ptr& from, const char* subject, std::string_view payload) {
  auto size = static_cast<int>(payload.size());
  must(natsConnection_Publish(from.get(), subject, payload.data(), size), "publish");
}

void flush(const connection_ptr& all_of) {
  must(natsConnection_FlushTimeout(all_of.get(), std::chrono::milliseconds{patience}.count()),
       "flush");
}

void inbox::add(std::string payload) {
  std::lock_guard lock{access_};
  payloads_.push_back(std::move(payload));
  grown_.notify_all();
}

bool inbox::wait_for(size_t count) {
  std::unique_lock lock{access_};
  return grown_.wait_for(lock, patience, [&] { return payloads_.size() >= count; });
}

size_t inbox::size() {
  std::lock_guard lock{access_};
  return payloads_.size();
}

std::vector<std::string> inbox::payloads() {
  std::lock_guard lock{access_};
  return payloads_;
}

void inbox::collect(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
  message_ptr owned{message, natsMsg_Destroy};
  static_cast<inbox*>(closure)->add(text_of(owned));
}

void connection_events::listen(const options_ptr& options) {
  auto at = options.get();
  static constexpr auto of = [](void* me) { return static_cast<connection_events*>(me); };
  must(natsOptions_SetDisconnectedCB(
           at, [](natsConnection*, void* me) { of(me)->tell("disconnected"); }, this),
       "listen");
  must(natsOptions_SetReconnectedCB(
           at, [](natsConnection*, void* me) { of(me)->tell("reconnected"); }, this),
       "listen");
  must(natsOptions_SetLameDuckModeCB(
           at, [](natsConnection*, void* me) { of(me)->tell("lame duck"); }, this),
       "listen");
  must(natsOptions_SetClosedCB(
           at, [](natsConnection*, void* me) { of(me)->tell("closed"); }, this),
       "listen");
  must(natsOptions_SetErrorHandler(
           at,
           [](natsConnection*, natsSubscription*, natsStatus status, void* me) {
             of(me)->tell(natsStatus_GetText(status));
           },
           this),
       "listen");
}

void connection_events::tell(std::string what) {
  std::lock_guard lock{access_};
  events_.push_back(std::move(what));
  told_.notify_all();
}

bool connection_events::wait_for(std::string_view what) {
  std::unique_lock lock{access_};
  return told_.wait_for(lock, patience, [&] {
    return std::find(events_.begin(), events_.end(), what) != events_.end();
  });
}
} // namespace troupe::e2e
