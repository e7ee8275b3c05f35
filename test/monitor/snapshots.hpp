// test/monitor/snapshots.hpp: made-up brokers that the tests ask.
#pragma once

#include "monitor/source.hpp"

#include <atomic>
#include <map>

namespace troupe::monitor::test {

using namespace std::chrono_literals;

/// 2026-11-23T16:01:08Z
inline actors::wall_time noon() {
  return actors::wall_time{std::chrono::seconds{1795449668}};
}

inline actors::connection_snapshot client(uint64_t cid) {
  actors::connection_snapshot out;
  out.cid = cid;
  out.ip = "127.0.0.1";
  out.port = static_cast<uint16_t>(40000 + cid);
  out.start = noon();
  out.last_activity = noon() + 2s;
  out.account = "$G";
  return out;
}

inline server_facts server() {
  server_facts out;
  out.server_id = "NSERVER";
  out.server_name = "n1";
  out.nats_version = "2.15.1";
  out.troupe_version = "0.1.0";
  out.host = "127.0.0.1";
  out.port = 4222;
  out.reactors = 2;
  out.figures.start = noon();
  out.figures.config_loaded = noon();
  for (const auto* name : {"$G", "$SYS", "A"}) {
    out.figures.accounts.emplace_back();
    out.figures.accounts.back().name = name;
    out.figures.accounts.back().label = name;
  }
  return out;
}

/// Answers with what the test has put in.
class made_up_source final : public source {
public:
  bool ready() const override { return is_ready; }
  server_facts server() const override { return facts; }
  std::string server_id() const override { return facts.server_id; }
  std::string system_account() const override { return "SYS"; }
  std::optional<account_facts> account(const std::string& name) const override {
    auto it = accounts.find(name);
    return it == accounts.end() ? std::optional<account_facts>{} : it->second;
  }
  size_t reactors() const override { return facts.reactors; }
  actors::server_snapshot figures() const override { return facts.figures; }
  std::vector<actors::connection_snapshot>
  connections(const actors::connection_query& which) const override {
    std::vector<actors::connection_snapshot> out;
    for (const auto& each : clients)
      if (each.reason.empty() ? which.open : which.closed)
        out.push_back(each);
    return out;
  }
  std::vector<actors::route_snapshot> routes(bool) const override { return links; }
  std::vector<actors::gateway_snapshot> gateways(bool, bool) const override {
    return gateway_links;
  }
  std::vector<actors::leaf_snapshot> leafs(bool) const override { return leaf_links; }
  protocol::sublist_stats sublist_stats(const std::string&) const override { return stats; }
  std::vector<actors::subscription_snapshot> subscriptions(const std::string&) const override {
    return interest;
  }
  std::vector<actors::actor_snapshot> tree() const override { return actors; }

  std::atomic<bool> is_ready{true};
  server_facts facts = test::server();
  std::vector<actors::connection_snapshot> clients;
  std::vector<actors::route_snapshot> links;
  std::vector<actors::gateway_snapshot> gateway_links;
  std::vector<actors::leaf_snapshot> leaf_links;
  std::map<std::string, account_facts> accounts;
  protocol::sublist_stats stats;
  std::vector<actors::subscription_snapshot> interest;
  std::vector<actors::actor_snapshot> actors;
};

/// The keys of a JSON object, in order, with blanks between.
template <class Json>
std::string keys(const Json& object) {
  std::string out;
  for (auto it = object.begin(); it != object.end(); ++it)
    out += (out.empty() ? "" : " ") + it.key();
  return out;
}

} // namespace troupe::monitor::test
