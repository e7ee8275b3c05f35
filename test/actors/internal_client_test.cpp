// test/actors/internal_client_test.cpp: what the broker hears and says in its own accounts.
#include "actors/internal_client.hpp"
#include "actors/reactor.hpp"
#include "test/actors/router_world.hpp"

using namespace troupe;
using actors::internal_client;
using actors::internal_message;
using test::router_world;

namespace {

struct heard {
  std::string account, subject, reply, headers, payload;
  const actors::destination* origin = nullptr;
};

struct service_state {
  static inline const char* name = "service";
  std::unique_ptr<internal_client> client;
};

actors::connection_actor::behavior_type
serve(actors::connection_actor::stateful_pointer<service_state> self, actors::slot_numbers* slots,
      actors::reactor_actor by, internal_client** out) {
  self->state.client = std::make_unique<internal_client>(
      *slots, 1000, std::move(by), caf::actor_cast<caf::strong_actor_ptr>(self));
  *out = self->state.client.get();
  auto& client = *self->state.client;
  return {
      [&client](atom::deliver, const actors::outgoing_ptr& batch) { client.deliver(batch); },
      [](atom::await_drain, const caf::strong_actor_ptr&) { FAIL("somebody waits"); },
      [](atom::drained) {},
      [](atom::fenced) {},
      [&client](atom::overrun) { client.overrun(); },
      [](atom::shut_down) {},
      [](const actors::login_result_ptr&) {},
  };
}

/// A reactor as far as internal clients know one.
actors::reactor_actor::behavior_type publish_only(actors::reactor_actor::pointer,
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

struct service_world : router_world {
  service_world() {
    for (int i = 0; i < 50; ++i)
      slots.take(); // the peers' own, given by hand
    actor = sys.spawn(serve, &slots, sys.spawn(publish_only, &routes), &client);
    sched.run();
  }

  actors::internal_handler listen() {
    return [this](const internal_message& in) {
      journal.push_back({in.where->name, std::string{in.subject}, std::string{in.reply},
                         std::string{in.headers}, std::string{in.payload}, in.origin});
    };
  }

  actors::slot_numbers slots;
  internal_client* client = nullptr; ///< lives in its actor
  actors::connection_actor actor;
  std::vector<heard> journal;
};

} // namespace

TEST_CASE_FIXTURE(service_world, "a service hears every part of a request, and who asked") {
  client->subscribe(account, "ask.*", listen());
  auto& alice = join();
  CHECK(publish({"ask.x", "body", "inbox.1", "NATS/1.0\r\nA: b\r\n\r\n"}, &alice) == 1);
  CHECK(publish({"ask.y", "", {}, {}}) == 1);
  flush();
  REQUIRE(journal.size() == 2);
  CHECK(journal[0].account == "test");
  CHECK(journal[0].subject == "ask.x");
  CHECK(journal[0].reply == "inbox.1");
  CHECK(journal[0].headers == "NATS/1.0\r\nA: b\r\n\r\n");
  CHECK(journal[0].payload == "body");
  CHECK(journal[0].origin == alice.dest.get());
  CHECK(journal[1].subject == "ask.y");
  CHECK(journal[1].payload.empty());
  CHECK(journal[1].origin == nullptr);
  CHECK(client->dest()->pending == 0);
}

TEST_CASE_FIXTURE(service_world, "each handler hears its own subscription only, until it ends") {
  int a = 0, b = 0;
  std::string sid;
  sid = client->subscribe(account, "a", [&](const internal_message&) {
    ++a;
    client->unsubscribe(sid); // from within
  });
  client->subscribe(account, "*", [&](const internal_message&) { ++b; });
  for (int i = 0; i < 3; ++i)
    publish({"a", "x"}); // one batch: two of them were on their way when the subscription ended
  flush();
  CHECK(publish({"a", "x"}) == 1);
  flush();
  CHECK(a == 1);
  CHECK(b == 4);
}

TEST_CASE_FIXTURE(service_world, "a large request reaches a service whole, without its block") {
  client->subscribe(account, "a", listen());
  std::string large(30000, 'x');
  publish({"a", large});
  routes.flush();
  CHECK(read->unique());
  sched.run();
  REQUIRE(journal.size() == 1);
  CHECK(journal[0].payload == large);
}

TEST_CASE_FIXTURE(service_world, "what a service says is heard by others and not by itself") {
  client->subscribe(account, ">", listen());
  auto& alice = join();
  auto& old = join({.headers = false});
  subscribe(alice, "news", "7");
  subscribe(old, "news", "8");
  client->publish(account, "news", "hello", "back", "NATS/1.0\r\nA: b\r\n\r\n");
  client->publish(account, "news", "plain");
  sched.run();
  CHECK(alice.take()
        == "HMSG news 7 back 18 23\r\nNATS/1.0\r\nA: b\r\n\r\nhello\r\nMSG news 7 5\r\nplain\r\n");
  CHECK(old.take() == "MSG news 8 back 5\r\nhello\r\nMSG news 8 5\r\nplain\r\n");
  CHECK(journal.empty());
}

TEST_CASE_FIXTURE(service_world, "a service whose request nobody hears is told so") {
  client->subscribe(account, "_INBOX.1", listen());
  client->publish(account, "nobody.there", "x", "_INBOX.1");
  sched.run();
  REQUIRE(journal.size() == 1);
  CHECK(journal[0].subject == "_INBOX.1");
  CHECK(journal[0].headers == "NATS/1.0 503\r\nNats-Subject: nobody.there\r\n\r\n");
  CHECK(client->dest()->pending == 0);
}

TEST_CASE_FIXTURE(service_world, "nobody waits for a service, and what is too much is dropped") {
  client->subscribe(account, "a", listen());
  std::string large(60000, 'x');
  auto fits = static_cast<size_t>(internal_client::max_pending) / large.size();
  for (size_t i = 0; i < fits + 20; ++i) {
    publish({"a", large});
    routes.flush();
    REQUIRE(routes.congested().empty());
  }
  CHECK(client->dest()->pending <= internal_client::max_pending);
  sched.run();
  CHECK(journal.size() <= fits);
  CHECK(journal.size() > fits - 2);
  journal.clear();
  CHECK(publish({"a", "x"}) == 1);
  flush();
  CHECK(journal.size() == 1);
}

TEST_CASE_FIXTURE(service_world, "a handler that fails costs its own message only") {
  client->subscribe(account, "a", [](const internal_message&) { throw std::runtime_error{"x"}; });
  client->subscribe(account, "b", listen());
  publish({"a", "x"});
  publish({"b", "x"});
  flush();
  CHECK(journal.size() == 1);
}

TEST_CASE_FIXTURE(service_world, "with its actor ends all of a service's interest") {
  client->subscribe(account, "a", listen());
  client->subscribe(account, "b", listen(), "group");
  CHECK(account->interests.size() == 2);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  actor = nullptr;
  sched.run();
  CHECK(account->interests.size() == 0);
  CHECK(publish({"a", "x"}) == 0);
}
