// test/monitor/counter_test.cpp: whose connections count for an account's limits, and how long.
#include "monitor/counter.hpp"

#include "actors/gateway_reply.hpp"
#include "actors/interest_news.hpp"
#include "federation/leaf_messages.hpp"
#include "monitor/remote_counts.hpp"
#include "test/monitor/system_world.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::monitor;
using namespace std::chrono_literals;
using monitor::test::system_world;
using protocol::peer_role;

namespace {

security::account_rules limited(std::string name, int64_t connections, int64_t leafnodes = -1) {
  security::account_rules out;
  out.name = std::move(name);
  out.limits.connections = connections;
  out.limits.leafnodes = leafnodes;
  return out;
}

/// Account A may have three connections; B has no limit.
struct counting_world : system_world {
  counting_world() {
    put(limited("A", 3, 2));
    put(limited("B", -1));
    auto by = sys.spawn(monitor::test::publish_only, &routes);
    counter = spawn_counter(sys, on, around, [this, by](const caf::strong_actor_ptr& owner) {
      return std::make_unique<actors::internal_client>(slots, next_cid++, by, owner);
    });
    sched.run();
  }
  ~counting_world() {
    self->send(counter, atom::shut_down_v);
    sched.run();
  }

  void put(security::account_rules rules) {
    auto name = rules.name;
    REQUIRE(accounts.put(std::move(rules)).empty());
    if (counter)
      self->send(counter, atom::watch_v, accounts.find(name));
    sched.run();
  }
  void say(std::string_view subject, std::string_view body) {
    publish({subject, body});
    flush();
    sched.run();
  }
  void report(const std::string& server, const std::string& name, int connections, int leafs = 0) {
    say("$SYS.SERVER.ACCOUNT." + name + ".CONNS",
        R"({"server":{"id":")" + server + R"("},"acc":")" + name + R"(","conns":)"
            + std::to_string(connections) + R"(,"leafnodes":)" + std::to_string(leafs) + "}");
  }
  std::pair<int64_t, int64_t> elsewhere(std::string_view name = "A") {
    auto which = accounts.find(name);
    return {which->connections_elsewhere, which->leafnodes_elsewhere};
  }
  /// So many seconds go by, one after the other.
  void wait(int seconds) {
    for (; seconds > 0; --seconds) {
      sched.advance_time(1s);
      sched.run();
    }
  }
  bool hears(std::string_view subject) { return account->interests.has_interest(subject); }
  actors::link_destination_ptr link(peer_role role, std::string_view server = {}) {
    auto number = 500 + ++links_made;
    auto out = protocol::make_ref<actors::link_destination>(number, number, role, int64_t{1} << 20);
    if (!server.empty())
      out->hash = actors::short_hash(server);
    return out;
  }

  using pair = std::pair<int64_t, int64_t>;
  actors::link_registry links{peer_role::route, peer_role::leaf_down};
  std::vector<std::string> crowded;
  server_roll roll;
  int introduced = 0;
  counting around{links,
                  [this](const actors::account_ptr& which) { crowded.push_back(which->name); },
                  &roll, [this] { ++introduced; }};
  uint32_t links_made = 0;
  counter_actor counter;
};

} // namespace

TEST_CASE("a report of connections is believed if it says who, what and how many") {
  auto good = read_count_report(R"({"server":{"id":"X"},"acc":"A","conns":4,"leafnodes":1})");
  REQUIRE(good);
  CHECK(good->server == "X");
  CHECK(good->account == "A");
  CHECK(good->connections == 4);
  CHECK(good->leafnodes == 1);
  CHECK(read_count_report(R"({"server":{"id":"X"},"acc":"A"})")->connections == 0);
  for (const auto* bad :
       {"", "[]", "{", R"({"acc":"A","conns":1})", R"({"server":{"id":"X"},"conns":1})",
        R"({"server":{"id":5},"acc":"A"})", R"({"server":{"id":"X"},"acc":"A","conns":-1})",
        R"({"server":{"id":"X"},"acc":"A","conns":"1"})",
        R"({"server":{"id":"X"},"acc":"A","conns":1.5})",
        R"({"server":{"id":"X"},"acc":"A","leafnodes":18446744073709551615})"})
    CHECK_MESSAGE(!read_count_report(bad), bad);
  CHECK_FALSE(read_count_report(R"({"acc":"A","server":{"id":")" + std::string(300, 'x') + "\"}}"));
}

TEST_CASE("no account is counted at more servers than there can be") {
  remote_counts counts;
  for (size_t i = 0; i < remote_counts::most_servers + 5; ++i)
    counts.hear({std::to_string(i), "A", 1, 0}, {});
  CHECK(counts.of("A").connections == int64_t{remote_counts::most_servers});
}

TEST_CASE_FIXTURE(counting_world, "what other servers have is summed up, their last word counts") {
  report("X", "A", 2, 1);
  report("Y", "A", 1);
  CHECK(elsewhere() == pair{3, 1});
  report("X", "A", 1);
  CHECK(elsewhere() == pair{2, 0});
  report("NSERVER", "A", 7); // its own
  report("X", "B", 7);       // there is no limit
  say("$SYS.SERVER.ACCOUNT.A.CONNS", "garbage");
  CHECK(elsewhere() == pair{2, 0});
  CHECK(elsewhere("B") == pair{0, 0});
}

TEST_CASE_FIXTURE(counting_world, "a server that says goodbye, or nothing, does not count") {
  report("X", "A", 2);
  report("Y", "A", 1);
  say("$SYS.SERVER.X.SHUTDOWN", R"({"server":{"id":"X"}})");
  CHECK(elsewhere() == pair{1, 0});
  report("V", "A", 2);
  say("$SYS.SERVER.V.LAMEDUCK", R"({"name":"v","id":"V"})"); // its clients look for another one
  CHECK(elsewhere() == pair{1, 0});
  wait(149);
  report("Z", "A", 1);
  CHECK(elsewhere() == pair{2, 0});
  wait(3);
  CHECK(elsewhere() == pair{1, 0});
}

TEST_CASE_FIXTURE(counting_world, "a member without a route is taken for gone after some seconds") {
  auto x = link(peer_role::route, "X"), y = link(peer_role::route, "Y");
  links.add(x);
  links.add(y);
  report("X", "A", 1); // before anybody has looked
  report("Y", "A", 1);
  report("far", "A", 1); // of another cluster
  links.remove(*x);
  wait(2);
  CHECK(elsewhere() == pair{3, 0});
  wait(1);
  CHECK(elsewhere() == pair{2, 0});
  links.remove(*y);
  wait(1);
  links.add(y); // it is back in time
  wait(5);
  CHECK(elsewhere() == pair{2, 0});
  links.remove(*y);
}

TEST_CASE_FIXTURE(counting_world, "nobody is listened to while no account has a limit") {
  CHECK(hears("$SYS.SERVER.ACCOUNT.A.CONNS"));
  report("X", "A", 2);
  put(limited("A", -1));
  for (const auto* each : {"$SYS.SERVER.ACCOUNT.A.CONNS", "$SYS._INBOX_.NSERVER"})
    CHECK_FALSE_MESSAGE(hears(each), each);
  CHECK(elsewhere() == pair{0, 0});
  auto& asked = listener("$SYS.REQ.ACCOUNT.*.CONNS");
  put(limited("B", -1, 0));
  CHECK(hears("$SYS.SERVER.ACCOUNT.A.CONNS"));
  auto questions = heard(asked);
  REQUIRE(questions.size() == 1);
  CHECK(questions[0].body["acc"] == "B");
  CHECK(questions[0].body["server"]["id"] == "NSERVER");
  accounts.remove("B");
}

TEST_CASE_FIXTURE(counting_world, "whoever a new link leads to is asked, and answers") {
  auto& asked = listener("$SYS.REQ.ACCOUNT.*.CONNS");
  wait(3);
  CHECK(heard(asked).empty());
  auto x = link(peer_role::route, "X");
  links.add(x);
  wait(5);
  CHECK(heard(asked).size() == 2);
  say("$SYS._INBOX_.NSERVER", R"({"server":{"id":"X"},"acc":"A","conns":2,"leafnodes":1})");
  CHECK(elsewhere() == pair{2, 1});
  links.remove(*x);
}

TEST_CASE_FIXTURE(counting_world, "an account that has too many with those elsewhere is told so") {
  auto which = accounts.find("A");
  which->connections = 1;
  report("X", "A", 2);
  CHECK(crowded.empty());
  report("X", "A", 3);
  CHECK(crowded == std::vector<std::string>{"A"});
  which->connections = 0;
  report("X", "A", 4); // it has none that could go
  CHECK(crowded.size() == 1);
  which->leafnodes = 1;
  report("X", "A", 2);
  CHECK(crowded.size() == 1);
  report("X", "A", 3); // the leaf node can
  CHECK(crowded.size() == 2);
}

TEST_CASE_FIXTURE(counting_world, "links to leaf nodes and hubs that are too many have to go") {
  std::vector<std::string> cut;
  struct ear {
    static federation::leaf_actor::behavior_type act(federation::leaf_actor::pointer,
                                                     std::vector<std::string>* heard, int number) {
      return {
          [](atom::deliver, const actors::outgoing_ptr&) {},
          [](atom::await_drain, const caf::strong_actor_ptr&) {},
          [](atom::drained) {},
          [](atom::fenced) {},
          [](atom::overrun) {},
          [](atom::shut_down) {},
          [](const actors::login_result_ptr&) {},
          [](atom::interest, const actors::interest_changes_ptr&) {},
          [](const federation::leaf_admission_ptr&) {},
          [](atom::go_on) {},
          [](atom::rules, const federation::leaf_terms_ptr&) {},
          [heard, number](atom::cut, const std::string& error, const std::string&) {
            heard->push_back(std::to_string(number) + " " + error);
          },
          [](atom::watch, const actors::account_ptr&) {},
          [](atom::describe, bool) { return federation::leafs_ptr{}; },
          [](atom::tree) { return actors::tree_ptr{}; },
      };
    }
  };
  std::vector<federation::leaf_actor> ears;
  std::vector<actors::link_destination_ptr> leafs;
  for (int i = 0; i < 2; ++i) {
    leafs.push_back(link(i == 0 ? peer_role::leaf_down : peer_role::leaf_up));
    leafs.back()->account = accounts.find("A");
    ears.push_back(sys.spawn(ear::act, &cut, i));
    leafs.back()->mailbox = caf::actor_cast<caf::weak_actor_ptr>(ears.back());
    links.add(leafs.back());
  }
  report("X", "A", 0, 0);
  CHECK(cut.empty());
  report("X", "A", 0, 1);
  CHECK(cut == std::vector<std::string>{"1 maximum account active connections exceeded"});
  for (auto& each : leafs)
    links.remove(*each);
  for (auto& each : ears)
    caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
}

TEST_CASE_FIXTURE(counting_world, "whoever says its figures is there until it goes, or is silent") {
  auto there = [&] {
    auto out = roll.ids();
    std::sort(out.begin(), out.end());
    return out;
  };
  using list = std::vector<std::string>;
  auto speaks = [&](const std::string& id) { say("$SYS.SERVER." + id + ".STATSZ", "{}"); };
  speaks("X");
  speaks("Y");
  speaks("NSERVER"); // this one
  CHECK(there() == list{"X", "Y"});
  CHECK(introduced == 0);
  wait(1);
  CHECK_MESSAGE(introduced == 1, "once to both");
  speaks("X");
  wait(5);
  CHECK(introduced == 1);
  say("$SYS.SERVER.X.SHUTDOWN", "{}");
  CHECK(there() == list{"Y"});
  speaks("V");
  CHECK(there() == list{"V", "Y"});
  say("$SYS.SERVER.V.LAMEDUCK", "{}"); // from then on it answers nobody
  CHECK(there() == list{"Y"});
  auto z = link(peer_role::route, "Z");
  links.add(z);
  speaks("Z");
  wait(1);
  CHECK(introduced == 2);
  links.remove(*z); // it was killed
  wait(2);
  CHECK(there() == list{"Y", "Z"});
  wait(1);
  CHECK(there() == list{"Y"});
  wait(150); // of another cluster, and killed
  CHECK(there().empty());
}

TEST_CASE("no peer can put more servers on the roll than there can be") {
  server_roll roll;
  for (size_t i = 0; i < server_roll::most_servers + 5; ++i)
    roll.hear(std::to_string(i), {});
  CHECK(roll.ids().size() == server_roll::most_servers);
  CHECK_FALSE(server_roll{}.hear(std::string(server_roll::longest_id + 1, 'N'), {}));
}
