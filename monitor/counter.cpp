// monitor/counter.cpp: who is listened to, asked, and believed how long.
#include "monitor/counter.hpp"

#include "actors/account_policy.hpp"
#include "actors/gateway_reply.hpp"
#include "federation/leaf_messages.hpp"
#include "monitor/json_text.hpp"
#include "monitor/remote_counts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_set>

namespace troupe::monitor {
namespace {

using actors::account_ptr;
using actors::internal_message;
using protocol::peer_role;
using json = nlohmann::ordered_json;
using std::chrono::seconds;

/// How often it is looked which links there are.
constexpr auto look_every = seconds{1};
/// A server says every 30 seconds what it has; nats-server waits for five of these as well.
constexpr auto longest_silence = seconds{150};
/// Looks until everybody is asked that a link has come, and once more: its peer may not have known
/// at the first one that it could be answered.
constexpr int asks_for_link = 2;
/// Looks without any route to a member until it is taken for gone.
constexpr int patience_with_member = 3;

struct counter_state {
  static inline const char* name = "counter";

  explicit counter_state(counter_actor::pointer me) : self{me} {}

  void follow(const account_ptr& which);
  void listen();
  void hear(const internal_message& in);
  void note_member(std::string hash);
  void take(const account_ptr& which);
  void take(const std::vector<std::string>& accounts);
  void cut_leafs(const actors::account& which, int64_t limit) const;
  void ask(const account_ptr& which);
  void keep_roll();
  void call_roll();
  void look();
  void look_for_links();

  counter_actor::pointer self;
  const stage* on = nullptr;
  const counting* around = nullptr;
  std::unique_ptr<actors::internal_client> client;
  remote_counts counts;
  std::unordered_map<std::string, account_ptr> limited; // by name
  std::vector<std::string> listening;                   // sids; empty while nothing is limited
  std::vector<uint64_t> links;                          // cids of routes and gateways, in order
  std::unordered_map<std::string, int> members; // hashes of routes' peers: looks without any
  int asks = 0;                                 // still to come
  bool stranger = false;                        // somebody is new on the roll
};

bool is_limited(const actors::account_policy& policy) {
  const auto& limits = policy.rules.limits;
  return !policy.removed && (limits.connections >= 0 || limits.leafnodes >= 0);
}

/// An account is new, has other rules, or has gone.
void counter_state::follow(const account_ptr& which) {
  if (which == on->accounts.global || which == on->accounts.system)
    return;
  auto known = limited.find(which->name);
  if (is_limited(*which->policy())) {
    if (known != limited.end() && known->second == which)
      return;
    limited.insert_or_assign(which->name, which);
    listen();
    take(which);
    ask(which);
  } else if (known != limited.end() && known->second == which) {
    limited.erase(known);
    counts.forget_account(which->name);
    which->connections_elsewhere = 0;
    which->leafnodes_elsewhere = 0;
    if (limited.empty())
      for (const auto& sid : std::exchange(listening, {}))
        client->unsubscribe(sid);
  }
}

/// The server's id in "$SYS.SERVER.<id>.STATSZ" and its like.
std::string_view server_of(std::string_view subject) {
  subject.remove_prefix(std::string_view{"$SYS.SERVER."}.size());
  return subject.substr(0, subject.find('.'));
}

void counter_state::listen() {
  if (!listening.empty())
    return;
  const auto& system = on->accounts.system;
  auto add = [&](const std::string& subject, actors::internal_handler what) {
    listening.push_back(client->subscribe(system, subject, std::move(what)));
  };
  auto counted = [this](const internal_message& in) { hear(in); };
  add("$SYS.SERVER.ACCOUNT.*.CONNS", counted);
  add("$SYS._INBOX_." + on->card.id(), counted);
  auto ended = [this](const internal_message& in) {
    take(counts.forget_server(server_of(in.subject)));
  };
  add("$SYS.SERVER.*.SHUTDOWN", ended);
  // From then on it says nothing, not even that those who come here have left it.
  add("$SYS.SERVER.*.LAMEDUCK", ended);
}

void counter_state::hear(const internal_message& in) {
  auto what = read_count_report(in.payload);
  if (!what || what->server == on->card.id())
    return;
  auto known = limited.find(what->account);
  if (known == limited.end())
    return;
  counts.hear(*what, self->clock().now());
  note_member(actors::short_hash(what->server));
  take(known->second);
}

/// It may come and die between two looks.
void counter_state::note_member(std::string hash) {
  if (members.contains(hash))
    return;
  auto all = around->links.all();
  if (std::any_of(all->begin(), all->end(), [&](const auto& each) {
        return each->role == peer_role::route && each->hash == hash;
      }))
    members.emplace(std::move(hash), 0);
}

/// Its figures elsewhere are others than before, or it has other limits.
void counter_state::take(const account_ptr& which) {
  auto elsewhere = counts.of(which->name);
  which->connections_elsewhere.store(elsewhere.connections, std::memory_order_relaxed);
  which->leafnodes_elsewhere.store(elsewhere.leafnodes, std::memory_order_relaxed);
  auto limits = which->policy()->rules.limits;
  auto clients = which->connections.load(std::memory_order_relaxed);
  auto leafs = which->leafnodes.load(std::memory_order_relaxed);
  if (limits.connections >= 0 && elsewhere.connections > 0 && clients + leafs > 0
      && clients + leafs + elsewhere.connections > limits.connections)
    around->crowded(which);
  if (limits.leafnodes >= 0 && elsewhere.leafnodes > 0)
    cut_leafs(*which, limits.leafnodes - elsewhere.leafnodes);
}

void counter_state::take(const std::vector<std::string>& accounts) {
  for (const auto& each : accounts)
    if (auto known = limited.find(each); known != limited.end())
      take(known->second);
}

/// Those that came first stay, as many as there may be.
void counter_state::cut_leafs(const actors::account& which, int64_t limit) const {
  auto all = around->links.all();
  std::vector<actors::link_destination_ptr> mine;
  std::copy_if(all->begin(), all->end(), std::back_inserter(mine), [&](const auto& each) {
    bool leaf = each->role == peer_role::leaf_down || each->role == peer_role::leaf_up;
    return leaf && each->account.get() == &which && !each->doomed();
  });
  std::sort(mine.begin(), mine.end(), [](const auto& a, const auto& b) { return a->cid < b->cid; });
  constexpr std::string_view too_many = "maximum account active connections exceeded";
  for (auto at = static_cast<size_t>(std::max<int64_t>(0, limit)); at < mine.size(); ++at)
    if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(mine[at]->mailbox))
      self->send(caf::actor_cast<federation::leaf_actor>(strong), atom::cut_v,
                 std::string{too_many}, std::string{too_many});
}

/// Whoever has connections of the account answers.
void counter_state::ask(const account_ptr& which) {
  auto subject = account_subject(*which, "CONNS");
  if (subject.empty())
    return;
  subject.replace(0, std::string_view{"$SYS.ACCOUNT."}.size(), "$SYS.REQ.ACCOUNT.");
  json body;
  body["server"] = on->card.next();
  body["acc"] = which->name;
  client->publish(on->accounts.system, subject, json_text(body, layout::compact),
                  "$SYS._INBOX_." + on->card.id());
}

void counter_state::keep_roll() {
  if (!around->roll)
    return;
  client->subscribe(on->accounts.system, "$SYS.SERVER.*.STATSZ",
                    [this](const internal_message& in) {
                      auto id = server_of(in.subject);
                      if (id != on->card.id() && around->roll->hear(id, self->clock().now()))
                        stranger = true;
                    });
  auto left = [this](const internal_message& in) { around->roll->forget(server_of(in.subject)); };
  client->subscribe(on->accounts.system, "$SYS.SERVER.*.SHUTDOWN", left);
  // A lame duck answers nobody any more: tools that wait for it would wait in vain.
  client->subscribe(on->accounts.system, "$SYS.SERVER.*.LAMEDUCK", left);
}

/// Whoever is new hears of this server soon, and once if many come together.
void counter_state::call_roll() {
  if (!around->roll)
    return;
  std::unordered_set<std::string> linked;
  auto all = around->links.all();
  for (const auto& each : *all)
    if (each->role == peer_role::route)
      linked.insert(each->hash);
  around->roll->look(linked, self->clock().now());
  if (std::exchange(stranger, false))
    around->introduce();
}

void counter_state::look() {
  call_roll();
  if (limited.empty())
    return;
  take(counts.forget_silent(self->clock().now() - longest_silence));
  look_for_links();
  if (asks > 0) {
    --asks;
    for (const auto& [called, which] : limited)
      ask(which);
  }
}

/// New links lead to servers that nothing was heard of yet. A member of the cluster that no route
/// leads to any more has gone, long before it has been silent for long enough.
void counter_state::look_for_links() {
  std::vector<uint64_t> now;
  std::unordered_set<std::string> linked;
  auto all = around->links.all();
  for (const auto& each : *all) {
    if (each->role != peer_role::route && each->role != peer_role::gateway_out)
      continue;
    now.push_back(each->cid);
    if (each->role == peer_role::route)
      linked.insert(each->hash);
  }
  std::sort(now.begin(), now.end());
  if (!std::includes(links.begin(), links.end(), now.begin(), now.end()))
    asks = asks_for_link;
  links = std::move(now);
  std::unordered_set<std::string> gone;
  for (const auto& hash : linked)
    members[hash] = 0;
  for (auto it = members.begin(); it != members.end();) {
    bool stays = linked.contains(it->first) || ++it->second < patience_with_member;
    if (!stays)
      gone.insert(it->first);
    it = stays ? std::next(it) : members.erase(it);
  }
  if (gone.empty())
    return;
  std::unordered_map<std::string, bool> known; // of thousands of accounts the servers are the same
  take(counts.forget_if([&](const std::string& server) {
    auto [it, fresh] = known.try_emplace(server);
    if (fresh)
      it->second = gone.contains(actors::short_hash(server));
    return it->second;
  }));
}

counter_actor::behavior_type behave(counter_actor::stateful_pointer<counter_state> self,
                                    const stage* on, const counting* around, speech speak) {
  auto& my = self->state;
  my.on = on;
  my.around = around;
  my.client = speak(caf::actor_cast<caf::strong_actor_ptr>(self));
  my.keep_roll();
  for (const auto& each : on->accounts.all())
    my.follow(each);
  self->delayed_send(self, look_every, atom::heartbeat_v);
  return {
      [&my](atom::deliver, const actors::outgoing_ptr& batch) { my.client->deliver(batch); },
      [](atom::await_drain, const caf::strong_actor_ptr&) {},
      [](atom::drained) {},
      [](atom::fenced) {},
      [&my](atom::overrun) { my.client->overrun(); },
      [](const actors::login_result_ptr&) {},
      [&my](atom::watch, const account_ptr& which) { my.follow(which); },
      [&my, self](atom::heartbeat) {
        my.look();
        self->delayed_send(self, look_every, atom::heartbeat_v);
      },
      [self](atom::shut_down) { self->quit(); },
      [&my, self](atom::tree) {
        actors::actor_snapshot mine;
        mine.path = "broker/counter";
        mine.place = "scheduler";
        mine.state = std::to_string(my.limited.size()) + " accounts with limits";
        mine.mailbox = self->mailbox().size();
        return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
      },
  };
}

} // namespace

counter_actor spawn_counter(caf::actor_system& sys, const stage& on, const counting& around,
                            speech speak) {
  return sys.spawn(behave, &on, &around, std::move(speak));
}

} // namespace troupe::monitor
