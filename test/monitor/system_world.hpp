// test/monitor/system_world.hpp: a system account with its actors, and peers that listen in it.
#pragma once

#include "actors/core.hpp"
#include "actors/reactor.hpp"
#include "monitor/services.hpp"
#include "test/actors/router_world.hpp"
#include "test/monitor/snapshots.hpp"

#include <nlohmann/json.hpp>

namespace troupe::monitor::test {

using json = nlohmann::ordered_json;

/// A reactor as far as internal clients know one.
inline actors::reactor_actor::behavior_type publish_only(actors::reactor_actor::pointer,
                                                         actors::router* routes) {
  return {
      [](atom::adopt, const actors::accepted_ptr&) {},
      [](atom::fence, const caf::strong_actor_ptr&) {},
      [routes](atom::publish, const actors::broker_messages_ptr& all) { routes->publish(*all); },
      [](atom::apply, const actors::settings_ptr&) {},
      [](atom::announce, const actors::settings_ptr&) {},
      [](atom::rules, const actors::account_ptr&) { return actors::census_ptr{}; },
      [](atom::cut, const actors::census_ptr&) {},
      [](atom::kick, uint64_t) { return false; },
      [](atom::advise, uint64_t) { return int32_t{-1}; },
      [](atom::evict, uint64_t) { return uint64_t{0}; },
      [](atom::shut_down) {},
      [](atom::describe, const actors::connection_query&) { return actors::connections_ptr{}; },
      [](atom::tree) { return actors::tree_ptr{}; },
  };
}

struct message {
  std::string subject;
  json body;
};

/// `account`, where peers subscribe and publish, is the system account.
struct system_world : troupe::test::router_world {
  system_world() {
    account = accounts.system;
    for (int i = 0; i < 50; ++i)
      slots.take(); // the peers' own, given by hand
    auto by = sys.spawn(publish_only, &routes);
    auto speak = [this, by](const caf::strong_actor_ptr& owner) {
      return std::make_unique<actors::internal_client>(slots, next_cid++, by, owner);
    };
    announcer = spawn_announcer(sys, on, speak, false);
    services = spawn_services(sys, on, speak, announcer, false);
    sched.run();
  }
  ~system_world() {
    self->send(announcer, atom::farewell_v);
    self->send(services, atom::shut_down_v);
    sched.run();
  }

  /// Somebody of the system account who hears `subject`.
  troupe::test::peer& listener(std::string_view subject) {
    auto& out = join();
    subscribe(out, subject, "1");
    return out;
  }
  /// What `who` heard since the last call.
  std::vector<message> heard(troupe::test::peer& who) {
    sched.run();
    std::vector<message> out;
    auto bytes = who.take();
    for (std::string_view rest = bytes; !rest.empty();) {
      auto end = rest.find("\r\n");
      auto line = rest.substr(0, end);
      auto size = std::stoul(std::string{line.substr(line.rfind(' ') + 1)});
      auto subject = line.substr(4, line.find(' ', 4) - 4);
      auto body = rest.substr(end + 2, size);
      if (auto json_from = body.find('{'); json_from != body.npos)
        body.remove_prefix(json_from); // behind headers
      out.push_back({std::string{subject}, json::parse(body)});
      rest.remove_prefix(end + 2 + size + 2);
    }
    return out;
  }
  /// The one answer to a request; null: none.
  json request(std::string_view subject, std::string_view body = {}, std::string_view header = {}) {
    auto& asking = asker ? *asker : *(asker = &listener("inbox"));
    publish({subject, body, "inbox", header}, &asking);
    flush();
    auto answers = heard(asking);
    REQUIRE(answers.size() <= 1);
    return answers.empty() ? json{} : answers.front().body;
  }
  void note(actors::happening what, const actors::account_ptr& where,
            actors::connection_snapshot who, std::string detail = {}) {
    who.account = where->name;
    self->send(announcer, std::make_shared<const actors::notice>(actors::notice{
                              what, where, std::move(who), noon() + 10s, std::move(detail)}));
  }

  actors::account_registry accounts{1, "SYS"};
  made_up_source figures;
  server_card card{"NSERVER", facing()};
  std::vector<uint64_t> kicked;
  std::vector<std::string> recorded; ///< commands
  std::string reload_problem;
  controls hands{[this] { return reload_problem; },
                 [this](uint64_t cid) {
                   kicked.push_back(cid);
                   return cid < 100;
                 },
                 [](uint64_t cid) {
                   using advice = actors::broker::advice;
                   return cid < 100 ? advice::given : advice::no_such_client;
                 },
                 [this](const actors::notice& what) {
                   recorded.push_back(what.detail + " by " + std::to_string(what.who.cid)
                                      + (what.who.reason.empty() ? "" : ": " + what.who.reason));
                 }};
  std::atomic<bool> silent{false};
  stage on{accounts, card, figures, hands, &silent};
  actors::slot_numbers slots;
  uint64_t next_cid = 1000;
  announcer_actor announcer;
  services_actor services;
  troupe::test::peer* asker = nullptr;

private:
  static troupe::config::options facing() {
    troupe::config::options out;
    out.server_name = "n1";
    out.client.host = "127.0.0.1";
    out.server_tags = {"Az:1", "rack:b"};
    return out;
  }
};

} // namespace troupe::monitor::test
