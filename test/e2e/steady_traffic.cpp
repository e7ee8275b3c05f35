// test/e2e/steady_traffic.cpp: numbered messages between servers while something else goes on.
#include "steady_traffic.hpp"

#include "mixed_servers.hpp"

#include <doctest/doctest.h>

namespace troupe::e2e {
namespace {

constexpr uint64_t numbers_a_round = 5;

connection_ptr connect_as(const server_process& to, const char* user) {
  auto options = options_for(to);
  if (*user)
    must(natsOptions_SetUserInfo(options.get(), user, "pw"), "user");
  return connect(options);
}

std::string back(size_t who) {
  return "steady.back." + std::to_string(who);
}

/// As publish(), but without doctest, which is for the test's own thread.
std::string say(const connection_ptr& from, const std::string& subject, uint64_t number) {
  auto status =
      natsConnection_PublishString(from.get(), subject.c_str(), std::to_string(number).c_str());
  return status == NATS_OK ? "" : natsStatus_GetText(status);
}

} // namespace

steady_traffic::steady_traffic(const std::vector<const server_process*>& servers, const char* user)
    : speaker_{connect_as(*servers.front(), user)} {
  for (const auto* each : servers) {
    auto& one = members_.emplace_back(member{connect_as(*each, user),
                                             {nullptr, natsSubscription_Destroy},
                                             {nullptr, natsSubscription_Destroy}});
    one.numbers = subscribe(one.client, "steady.numbers");
    one.answers = subscribe(speaker_, back(members_.size() - 1).c_str());
    REQUIRE(settled(speaker_, one.client));
    REQUIRE(settled(one.client, speaker_));
  }
  thread_ = std::thread{[this] { run(); }};
}

steady_traffic::~steady_traffic() {
  stop();
}

std::string steady_traffic::stop() {
  ending_ = true;
  if (thread_.joinable())
    thread_.join();
  return problem_;
}

void steady_traffic::run() {
  while (!ending_ && problem_.empty()) {
    problem_ = play_round();
    if (problem_.empty())
      ++rounds_;
  }
}

std::string steady_traffic::expect(const subscription_ptr& at, uint64_t number, size_t who) const {
  natsMsg* raw = nullptr;
  auto status =
      natsSubscription_NextMsg(&raw, at.get(), std::chrono::milliseconds{patience}.count());
  message_ptr got{raw, natsMsg_Destroy};
  auto where = " at member " + std::to_string(who);
  if (status != NATS_OK)
    return "instead of " + std::to_string(number) + where + ": " + natsStatus_GetText(status);
  auto text = text_of(got);
  return text == std::to_string(number)
             ? ""
             : "instead of " + std::to_string(number) + where + " came " + text;
}

std::string steady_traffic::play_round() {
  std::string out;
  auto first = last_ + 1;
  for (uint64_t i = 0; i < numbers_a_round && out.empty(); ++i)
    out = say(speaker_, "steady.numbers", ++last_);
  for (size_t who = 0; who < members_.size(); ++who) {
    for (auto number = first; number <= last_ && out.empty(); ++number)
      out = expect(members_[who].numbers, number, who);
    if (out.empty())
      out = say(members_[who].client, back(who), last_);
  }
  for (size_t who = 0; who < members_.size() && out.empty(); ++who)
    out = expect(members_[who].answers, last_, who);
  return out;
}

} // namespace troupe::e2e
