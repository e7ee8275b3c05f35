// test/federation/route_session_test.cpp: what a route says, believes and remembers.
#include "test/federation/route_world.hpp"

using namespace troupe;
using namespace troupe::test;

TEST_CASE(
    "who accepts says INFO at once; who dials CONNECT, and INFO when he has heard the other's") {
  session_world accepting;
  CHECK(accepting.greeting.starts_with("INFO {\"server_id\":\"US\""));
  CHECK(accepting.greeting.find("\"lnoc\":true") != std::string::npos);
  CHECK(accepting.greeting.find("route_pool_size") == std::string::npos);
  CHECK(accepting.greeting.find("compression") == std::string::npos);
  session_world dialling{true};
  CHECK(dialling.greeting.starts_with("CONNECT {"));
  CHECK(dialling.greeting.find("\"user\":\"mesh\"") != std::string::npos);
  CHECK(dialling.greeting.find("INFO") == std::string::npos);
  dialling.hear("INFO {\"server_id\":\"P\",\"cluster\":\"C1\"}\r\n");
  dialling.settle({});
  CHECK(dialling.first_words.starts_with("INFO {\"server_id\":\"US\""));
}

TEST_CASE(
    "who goes because of the cluster's name says his own before, so that the peer may take it") {
  session_world world{true};
  world.hear("INFO {\"server_id\":\"P\",\"cluster\":\"A1\",\"cluster_dynamic\":true}\r\n");
  admission no;
  no.reason = close_reason::cluster_name_conflict;
  world.session.settle(no);
  CHECK(world.host.take().find("\"cluster\":\"C1\"") != std::string::npos);
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->why == close_reason::cluster_name_conflict);
}

TEST_CASE("nobody takes part before the cluster has admitted him") {
  for (const auto* early : {"RS+ $G foo\r\n", "RMSG $G foo 1\r\nx\r\n", "INFO {}\r\n"}) {
    session_world world;
    world.hear(early);
    REQUIRE(world.host.ended);
    CHECK(world.host.ended->error == "Authorization Violation");
  }
  session_world world;
  world.hear("CONNECT {\"cluster\":\"C1\",\"user\":\"a\",\"pass\":\"b\"}\r\nINFO "
             "{\"server_id\":\"P\"}\r\nRS+ $G foo\r\n");
  REQUIRE(world.host.who);
  CHECK(world.host.who->user == "a");
  CHECK(world.host.who->info.cluster == "C1");
  CHECK_FALSE(world.session.admitted());
  CHECK(world.wanted(world.accounts.global, "foo") == 0);
}

TEST_CASE("clients, gateways and other clusters are told that this is the wrong port") {
  auto error = [](const std::string& connect) {
    session_world world;
    world.hear("CONNECT " + connect + "\r\n");
    return world.host.ended ? world.host.ended->error : "none";
  };
  CHECK(error("{\"lang\":\"go\"}") == "attempted to connect to route port");
  CHECK(error("{\"gateway\":\"G\"}")
        == "Rejecting connection from gateway \"G\" on the Route port");
  CHECK(error("{\"cluster\":\"C2\"}")
        == "Rejecting connection, cluster name \"C2\" does not match \"C1\"");
  CHECK(error("{\"cluster\":\"C2\",\"cluster_dynamic\":true}") == "none");
}

TEST_CASE("a peer is told what there is, and then each change, once") {
  session_world world;
  const auto& global = world.accounts.global;
  auto before = world.subscribe(global, "before.*");
  world.admit();
  CHECK(world.first_words.find("RS+ $G before.*\r\n") != std::string::npos);
  CHECK(world.told(global, before).empty());
  auto foo = world.subscribe(global, "foo");
  CHECK(world.told(global, foo) == "RS+ $G foo\r\n");
  auto again = world.subscribe(global, "foo");
  CHECK(world.told(global, again).empty());
  auto one = world.subscribe(global, "work", "q");
  CHECK(world.told(global, one) == "RS+ $G work q 1\r\n");
  auto two = world.subscribe(global, "work", "q");
  CHECK(world.told(global, two) == "RS+ $G work q 2\r\n");
  global->drop_interest(*one);
  CHECK(world.told(global, one) == "RS+ $G work q 1\r\n");
  global->drop_interest(*two);
  CHECK(world.told(global, two) == "RS- $G work q\r\n");
  global->drop_interest(*foo);
  CHECK(world.told(global, foo).empty());
  global->drop_interest(*again);
  CHECK(world.told(global, foo) == "RS- $G foo\r\n");
}

TEST_CASE("a peer's interest is in force at once, and ends with its link") {
  session_world world;
  world.admit();
  const auto& global = world.accounts.global;
  world.hear("RS+ $G foo\r\nRS+ $G foo\r\nRS+ $G work q 3\r\nLS+ L1 $G foo\r\n");
  CHECK(world.wanted(global, "foo") == 2);
  CHECK(world.wanted(global, "work") == 1);
  CHECK(world.session.interests() == 3);
  world.hear("LS- L1 $G foo\r\n");
  CHECK(world.wanted(global, "foo") == 1);
  world.hear("RS- $G work q\r\n");
  CHECK(world.wanted(global, "work") == 0);
  world.session.retire();
  CHECK(world.wanted(global, "foo") == 0);
  CHECK(world.links.all()->empty());
}

TEST_CASE("an older peer withdraws a leaf's interest without its origin") {
  session_world world;
  world.admit("\"headers\":true,\"lnoc\":true");
  world.hear("LS+ L1 $G foo\r\nLS-  $G foo\r\n");
  CHECK(world.wanted(world.accounts.global, "foo") == 0);
  CHECK_FALSE(world.host.ended);
}

TEST_CASE("what an older peer's clients want as well as its leaf node comes from that leaf too") {
  for (const std::string words :
       {"RS+ $G foo\r\nLS+ L1 $G foo\r\n", "LS+ L1 $G foo\r\nRS+ $G foo\r\n",
        "LS+ L1 $G foo\r\n"}) { // a client that comes second is not told of
    session_world world;
    world.admit("\"headers\":true,\"lnoc\":true");
    world.hear(words);
    auto found = world.accounts.global->interests.match("foo");
    REQUIRE(found->plain().size() == 1);
    const auto& what = static_cast<const actors::remote_interest&>(*found->plain()[0]);
    CHECK_MESSAGE(what.origin().empty(), words);
  }
}

TEST_CASE("an older peer is told of a leaf's interest as of any other, for it keeps but one") {
  session_world world;
  world.admit("\"headers\":true,\"lnoc\":true");
  const auto& global = world.accounts.global;
  auto leaf = world.leaf_interest(global, "foo", "SITE");
  CHECK(world.told(global, leaf) == "RS+ $G foo\r\n");
  auto client = world.subscribe(global, "foo");
  CHECK(world.told(global, client).empty());
  global->drop_interest(*leaf);
  CHECK(world.told(global, client).empty());
  global->drop_interest(*client);
  CHECK(world.told(global, client) == "RS- $G foo\r\n");
}

TEST_CASE("interest in an account that comes later is not lost") {
  session_world world;
  world.admit();
  world.hear("RS+ LATER foo\r\nRS+ LATER bar\r\nRS- LATER bar\r\nRMSG LATER foo 1\r\nx\r\n");
  CHECK_FALSE(world.host.ended);
  CHECK_MESSAGE(world.host.missed == std::vector<std::string>{"LATER"}, "somebody may bring it");
  auto later = world.accounts.named("LATER");
  world.session.account_changed(later);
  CHECK(world.wanted(later, "foo") == 1);
  CHECK(world.wanted(later, "bar") == 0);
}

TEST_CASE("a subject that nobody can subscribe to is an error that closes nothing") {
  session_world world;
  world.admit();
  world.hear("RS+ $G a..b\r\nPING\r\n");
  CHECK(world.host.take() == "-ERR 'Invalid Subscription'\r\nPONG\r\n");
  CHECK_FALSE(world.host.ended);
}

TEST_CASE("permissions decide which interest is told and taken") {
  security::permission_rules rules;
  rules.publish.allow = {"in.>"};
  rules.subscribe.deny = {"secret.>"};
  session_world world{false, terms_of_us(rules)};
  const auto& global = world.accounts.global;
  auto inside = world.subscribe(global, "in.a");
  auto outside = world.subscribe(global, "out.a");
  world.admit();
  CHECK(world.first_words == "RS+ $G in.a\r\n");
  world.hear("RS+ $G secret.x\r\nRS+ $G open.x\r\n");
  CHECK(world.wanted(global, "secret.x") == 0);
  CHECK(world.wanted(global, "open.x") == 1);
}

TEST_CASE("later INFO is news of the peer itself, or gossip about another server") {
  session_world world;
  world.admit();
  world.hear("INFO {\"server_id\":\"P\",\"ldm\":true}\r\nINFO "
             "{\"server_id\":\"Q\",\"ip\":\"nats-route://h:1/\"}\r\n"
             "INFO {\"server_id\":\"GWP\",\"gateway\":\"G\"}\r\n"
             "INFO {\"server_id\":\"GWP\",\"gateway\":\"G2\",\"gateway_cmd\":1,"
             "\"gateway_urls\":[\"h:7222\"]}\r\n");
  REQUIRE(world.host.news.size() == 3);
  CHECK(world.host.news[0].info.server_id == "P");
  CHECK(world.host.news[0].info.ldm);
  CHECK(world.host.news[1].info.server_id == "Q");
  CHECK_FALSE(world.host.news[1].info.headers); // nothing of the one who tells
  CHECK(world.host.news[2].info.gateway == "G2");
  CHECK(world.host.news[2].info.gateway_urls == std::vector<std::string>{"h:7222"});
}

TEST_CASE("that it gets no connection of one account is no fault of a newer nats-server") {
  session_world world;
  world.admit();
  world.hear("-ERR 'Not possible to have a dedicated route for account \"SYS\" between those "
             "servers'\r\n");
  REQUIRE(world.host.ended);
  CHECK_FALSE(world.host.ended->loudly);
  session_world other;
  other.admit();
  other.hear("-ERR 'Stale Connection'\r\n");
  REQUIRE(other.host.ended);
  CHECK(other.host.ended->loudly);
}
