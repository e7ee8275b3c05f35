// actors/account_actor.cpp: what an account's mail becomes.
#include "actors/account_actor.hpp"

#include "actors/account_policy.hpp"
#include "actors/interest_ledger.hpp"
#include "actors/links_by_account.hpp"
#include "actors/log.hpp"
#include "protocol/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::actors {
namespace {

struct account_state {
  static inline const char* name = "account";
};

using account_pointer = account_actor::stateful_pointer<account_state>;

/// Who is connected, as all reactors together know it.
struct census {
  size_t missing; // answers
  std::vector<uint64_t> cids;
};

/// Its leaf nodes and hubs; who is about to go does not count.
std::vector<link_destination_ptr> links_in(const account& which) {
  std::vector<link_destination_ptr> out;
  if (!which.ledger)
    return out;
  auto all = which.ledger->links().all();
  for (const auto& each : links_of(&which, *all))
    if (!each->doomed())
      out.push_back(each);
  return out;
}

void cut(account_pointer self, const link_destination& link) {
  constexpr auto words = describe(protocol::errc::account_connections_exceeded).wire;
  if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(link.mailbox))
    self->send(caf::actor_cast<account_link_actor>(strong), atom::cut_v, std::string{words},
               std::string{words});
}

/// More than the account may have, with those at other servers: the newest go, those that came
/// first stay. As in nats-server each leaf node here takes the room of a client, and none elsewhere
/// does.
void trim(account_pointer self, const account& which, std::vector<uint64_t>& cids,
          const std::vector<reactor_actor>& reactors) {
  auto limit = which.policy()->rules.limits.connections;
  if (limit < 0)
    return;
  limit = std::max<int64_t>(0, limit - which.connections_elsewhere.load(std::memory_order_relaxed));
  auto links = links_in(which);
  for (const auto& each : links)
    cids.push_back(each->cid);
  if (cids.size() <= static_cast<size_t>(limit))
    return;
  std::sort(cids.begin(), cids.end());
  cids.erase(cids.begin(), cids.begin() + limit);
  for (const auto& each : links)
    if (each->cid >= cids.front())
      cut(self, *each);
  auto excess = std::make_shared<std::vector<uint64_t>>(std::move(cids));
  for (const auto& each : reactors)
    self->send(each, atom::cut_v, excess);
}

void bring_in_line(account_pointer self, const account_ptr& shared,
                   const std::shared_ptr<const std::vector<reactor_actor>>& reactors) {
  auto seen = std::make_shared<census>(census{reactors->size(), {}});
  auto answered = [self, shared, reactors, seen] {
    if (--seen->missing == 0)
      trim(self, *shared, seen->cids, *reactors);
  };
  for (const auto& each : *reactors)
    self->request(each, caf::infinite, atom::rules_v, shared)
        .then(
            [seen, answered](const census_ptr& part) {
              seen->cids.insert(seen->cids.end(), part->begin(), part->end());
              answered();
            },
            [answered](const caf::error&) { answered(); }); // it ends, and with it its connections
}

account_actor::behavior_type behave(account_pointer self, account_ptr shared,
                                    std::vector<reactor_actor> known_reactors) {
  auto reactors = std::make_shared<const std::vector<reactor_actor>>(std::move(known_reactors));
  return {
      [self, shared, reactors](atom::rules) { bring_in_line(self, shared, reactors); },
      [self](atom::shut_down) { self->quit(); },
      [self, shared](atom::tree) {
        auto mine = actor_snapshot_of(*shared);
        mine.mailbox = self->mailbox().size();
        return std::make_shared<std::vector<actor_snapshot>>(1, std::move(mine));
      },
  };
}

} // namespace

account_actor spawn_account(caf::actor_system& sys, account_ptr shared,
                            std::vector<reactor_actor> reactors) {
  return sys.spawn(behave, std::move(shared), std::move(reactors));
}

actor_snapshot actor_snapshot_of(const account& which) {
  auto now = snapshot_of(which);
  actor_snapshot out;
  out.path = fmt::format("broker/account/{}", now.name);
  out.place = "scheduler";
  out.state = fmt::format("{} connections, {} subscriptions", now.connections, now.subscriptions);
  out.in_messages = now.in_messages;
  out.out_messages = now.out_messages;
  out.in_bytes = now.in_bytes;
  out.out_bytes = now.out_bytes;
  return out;
}

account_snapshot snapshot_of(const account& which) {
  account_snapshot out;
  out.name = which.name;
  out.label = which.policy()->rules.display_name;
  if (out.label.empty())
    out.label = out.name;
  out.connections = which.connections.load(std::memory_order_relaxed);
  out.leafnodes = which.leafnodes.load(std::memory_order_relaxed);
  out.total_connections = which.total_connections.load(std::memory_order_relaxed);
  out.subscriptions = which.interests.size();
  for (const auto& share : which.shares) {
    out.in_messages += share.in.messages.load(std::memory_order_relaxed);
    out.in_bytes += share.in.bytes.load(std::memory_order_relaxed);
    out.out_messages += share.out.messages.load(std::memory_order_relaxed);
    out.out_bytes += share.out.bytes.load(std::memory_order_relaxed);
    out.slow_consumers += share.slow_consumers.load(std::memory_order_relaxed);
  }
  return out;
}

} // namespace troupe::actors
