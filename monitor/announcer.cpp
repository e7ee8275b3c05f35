// monitor/announcer.cpp: when which event is published.
#include "monitor/announcer.hpp"

#include "actors/account_actor.hpp"
#include "actors/log.hpp"
#include "monitor/events.hpp"
#include "monitor/json_text.hpp"
#include "monitor/reports.hpp"
#include "protocol/subject.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::monitor {
namespace {

using actors::happening;
using json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto first_statsz = milliseconds{250};
constexpr auto longest_interval = milliseconds{10'000};
/// Between two broadcasts of figures; less while the interval itself is shorter.
constexpr auto shortest_gap = milliseconds{1000};
constexpr auto count_repeats = seconds{30};
/// How often it is looked for accounts whose count must be repeated.
constexpr auto heartbeat_every = seconds{5};

struct announcer_state {
  static inline const char* name = "announcer";

  announcer_state(announcer_actor::pointer me) : self{me} {}

  void publish(const actors::account_ptr& where, const std::string& subject, const json& what) {
    client->publish(where, subject, json_text(what, layout::compact));
    ++said;
  }
  void publish(const std::string& subject, const json& what) {
    publish(on->accounts.system, subject, what);
  }

  void note(const actors::notice& what);
  void note_refusal(const actors::notice& what, const std::string& label);
  void count(const actors::account_ptr& where, int64_t connections);
  void heartbeat();
  void statsz_due();
  void say_statsz();
  void leave();

  announcer_actor::pointer self;
  const stage* on = nullptr;
  std::unique_ptr<reports> numbers;
  std::unique_ptr<actors::internal_client> client;
  /// When an account's count was said last; those without connections are not in it.
  std::unordered_map<const actors::account*, caf::actor_clock::time_point> counted;
  milliseconds interval = first_statsz;
  caf::actor_clock::time_point last_statsz{};
  bool gone = false; ///< nothing may be said any more
  uint64_t said = 0;
};

std::string label_of(const actors::account& which) {
  return actors::snapshot_of(which).label;
}

void announcer_state::note(const actors::notice& what) {
  auto label = label_of(*what.where);
  switch (what.what) {
  case happening::connected:
  case happening::kept: // as nats-server has it, too
    publish(account_subject(*what.where, "CONNECT"),
            connect_event(new_event(), on->card.next(), what.who, label));
    if (what.what == happening::connected && what.who.leafnode && on->gateways)
      publish(account_subject(*what.where, leafnode_event),
              leafnode_connect_event(on->card.next(), what.where->name));
    break;
  case happening::disconnected: {
    auto head = new_event();
    head.when = what.when;
    publish(account_subject(*what.where, "DISCONNECT"),
            disconnect_event(head, on->card.next(), what.who, label));
    break;
  }
  case happening::refused: note_refusal(what, label); break;
  case happening::denied:
  case happening::commanded: break; // for the record only
  }
}

/// The account hears of it as well: it is the only event that is not for the system account alone.
void announcer_state::note_refusal(const actors::notice& what, const std::string& label) {
  auto head = new_event();
  head.when = what.when;
  bool elsewhere = what.who.account != what.where->name; // where its auth callout listens
  auto event =
      disconnect_event(head, on->card.next(), what.who, elsewhere ? what.who.account : label);
  publish(server_subject(on->card, "CLIENT.AUTH.ERR"), event);
  if (!what.where->interests.has_interest(refused_subject))
    return;
  if (elsewhere || !what.detail.empty()) {
    auto told = what.who;
    told.account = what.where->name;
    if (!what.detail.empty())
      told.reason = what.detail;
    event = disconnect_event(head, on->card.next(), told, label);
  }
  publish(what.where, std::string{refused_subject}, event);
}

void announcer_state::count(const actors::account_ptr& where, int64_t connections) {
  auto figures = actors::snapshot_of(*where);
  figures.connections = connections;
  auto head = new_event();
  for (const auto& subject : {old_counts_subject(*where), counts_subject(*where)})
    if (on->hears(subject))
      publish(subject, account_connections_event(head, on->card.next(), figures, figures.label));
  if (connections + figures.leafnodes > 0)
    counted[where.get()] = self->clock().now();
  else
    counted.erase(where.get());
}

void announcer_state::heartbeat() {
  auto now = self->clock().now();
  for (const auto& each : on->accounts.all()) {
    auto connections = each->connections.load(std::memory_order_relaxed);
    if (connections + each->leafnodes.load(std::memory_order_relaxed) <= 0
        || each == on->accounts.global)
      continue;
    auto before = counted.find(each.get());
    if (before != counted.end() && now - before->second < count_repeats)
      continue;
    if (on->hears(counts_subject(*each)) || on->hears(old_counts_subject(*each)))
      count(each, connections);
  }
  // Accounts that are gone.
  std::erase_if(counted, [&](const auto& each) { return now - each.second > 4 * count_repeats; });
}

void announcer_state::say_statsz() {
  auto subject = server_subject(on->card, "STATSZ");
  last_statsz = self->clock().now();
  if (!on->hears(subject))
    return;
  json out;
  out["server"] = on->card.next();
  out["statsz"] = numbers->statsz(on->heard_of());
  publish(subject, out);
}

/// The timer: at first often, then seldom.
void announcer_state::statsz_due() {
  auto gap = std::min(shortest_gap, interval);
  if (self->clock().now() - last_statsz >= gap)
    say_statsz();
  interval = std::min(2 * interval, longest_interval);
  self->delayed_send(self, interval, atom::statsz_due_v);
}

void announcer_state::leave() {
  publish(server_subject(on->card, "LAMEDUCK"), on->card.next());
  gone = true;
}

announcer_actor::behavior_type behave(announcer_actor::stateful_pointer<announcer_state> self,
                                      const stage* on, speech speak) {
  auto& my = self->state;
  my.on = on;
  my.numbers = std::make_unique<reports>(on->figures);
  my.client = speak(caf::actor_cast<caf::strong_actor_ptr>(self));
  self->delayed_send(self, first_statsz, atom::statsz_due_v);
  self->delayed_send(self, heartbeat_every, atom::heartbeat_v);
  return {
      [&my](const notice_ptr& what) {
        if (!my.gone)
          my.note(*what);
      },
      [&my](atom::counted, const actors::account_ptr& where, int64_t connections) {
        if (!my.gone)
          my.count(where, connections);
      },
      [&my](atom::broadcast) {
        if (!my.gone)
          my.say_statsz(); // at once; the next one by the timer keeps its distance
      },
      [&my](atom::statsz_due) {
        if (!my.gone)
          my.statsz_due();
      },
      [&my, self](atom::heartbeat) {
        if (my.gone)
          return;
        my.heartbeat();
        self->delayed_send(self, heartbeat_every, atom::heartbeat_v);
      },
      [&my](atom::leaving) { my.leave(); },
      [&my, self](atom::farewell) {
        if (!my.gone)
          my.publish(server_subject(my.on->card, "SHUTDOWN"), my.on->card.next());
        my.gone = true;
        self->quit();
        return true;
      },
      [&my, self](atom::tree) {
        actors::actor_snapshot mine;
        mine.path = "broker/announcer";
        mine.place = "thread";
        mine.state = std::to_string(my.said) + " events";
        mine.mailbox = self->mailbox().size();
        mine.out_messages = my.said;
        return std::make_shared<std::vector<actors::actor_snapshot>>(1, std::move(mine));
      },
  };
}

} // namespace

std::string account_subject(const actors::account& which, std::string_view event) {
  auto out = "$SYS.ACCOUNT." + which.name + '.';
  out += event;
  return protocol::is_valid_publish(out) ? out : std::string{};
}

std::string server_subject(const server_card& card, std::string_view event) {
  auto out = "$SYS.SERVER." + card.id() + '.';
  out += event;
  return out;
}

std::string old_counts_subject(const actors::account& which) {
  auto out = "$SYS.SERVER.ACCOUNT." + which.name + ".CONNS";
  return protocol::is_valid_publish(out) ? out : std::string{};
}

std::string counts_subject(const actors::account& which) {
  return account_subject(which, "SERVER.CONNS");
}

announcer_actor spawn_announcer(caf::actor_system& sys, const stage& on, speech speak,
                                bool own_thread) {
  return own_thread ? sys.spawn<caf::detached>(behave, &on, std::move(speak))
                    : sys.spawn(behave, &on, std::move(speak));
}

} // namespace troupe::monitor
