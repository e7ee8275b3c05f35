// test/federation/route_session_test.cpp: what a route says, believes and remembers.
#include "actors/log.hpp"
#include "protocol/link_limits.hpp"
#include "test/federation/route_world.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <unistd.h>

using namespace troupe;
using namespace troupe::test;

namespace {

/// As long as it lives, the log is a file.
class log_in_file {
public:
  log_in_file() {
    auto pattern = (std::filesystem::temp_directory_path() / "troupe-route-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    config::logging to;
    to.file = (folder_ / "log").string();
    actors::log::open(to);
  }
  log_in_file(const log_in_file&) = delete;
  log_in_file& operator=(const log_in_file&) = delete;
  ~log_in_file() {
    actors::log::open(config::logging{});
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// How often it says so.
  size_t count(std::string_view words) const {
    std::ifstream in{folder_ / "log"};
    std::string all{std::istreambuf_iterator<char>{in}, {}};
    size_t out = 0;
    for (auto at = all.find(words); at != all.npos; at = all.find(words, at + 1))
      ++out;
    return out;
  }

private:
  std::filesystem::path folder_;
};

} // namespace

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

TEST_CASE(
    "a name in CONNECT is passed on, but not our own of before, on a connection to ourselves") {
  auto mine = std::make_shared<terms>(*terms_of_us());
  mine->info.cluster_dynamic = true;
  auto offered = [&](const std::string& who) {
    session_world world{false, mine};
    world.hear("CONNECT {\"name\":\"" + who
               + "\",\"cluster\":\"Z1\",\"cluster_dynamic\":true}\r\n");
    CHECK_FALSE(world.host.ended);
    return world.host.offers.size();
  };
  CHECK(offered("P") == 1);
  CHECK(offered("US") == 0);
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

TEST_CASE(
    "interest that is too long for a link is told of ever more rarely, however often it changes") {
  log_in_file log;
  session_world world;
  world.admit();
  const auto& global = world.accounts.global;
  const std::string endless(protocol::longest_common_line, 'x');
  for (int i = 0; i < 8; ++i) {
    auto one = world.subscribe(global, endless);
    CHECK(world.told(global, one).empty());
    global->drop_interest(*one);
    CHECK(world.told(global, one).empty());
  }
  CHECK(log.count("An interest is not told") == 5); // of 16: at 1, 2, 4, 8 and 16
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
  world.hear("RS+ NEVER foo\r\n");
  world.host.missed.clear();
  world.session.miss_again();
  // The resolver was down, say.
  CHECK(world.host.missed == std::vector<std::string>{"LATER", "NEVER"});
  auto later = world.accounts.named("LATER");
  world.session.account_changed(later);
  CHECK(world.wanted(later, "foo") == 1);
  CHECK(world.wanted(later, "bar") == 0);
  world.host.missed.clear();
  world.session.miss_again();
  CHECK(world.host.missed == std::vector<std::string>{"NEVER"});
}

TEST_CASE("of many accounts that nobody has some are searched for at a time, and all in the end") {
  session_world world;
  world.admit();
  for (int i = 0; i < 100; ++i)
    world.hear("RS+ A" + std::to_string(i) + " foo\r\n");
  std::set<std::string> searched;
  for (auto most : {size_t{64}, size_t{36}, size_t{64}}) {
    world.host.missed.clear();
    world.session.miss_again();
    CHECK(world.host.missed.size() == most);
    searched.insert(world.host.missed.begin(), world.host.missed.end());
  }
  CHECK(searched.size() == 100);
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

TEST_CASE("a peer hears that the interest of a removed account has gone, groups and all") {
  session_world world;
  world.admit();
  auto gone = world.accounts.named("GONE");
  world.session.account_changed(gone);
  auto foo = world.subscribe(gone, "foo");
  auto work = world.subscribe(gone, "work", "q");
  world.told(gone, foo);
  world.told(gone, work);
  REQUIRE(world.accounts.remove("GONE"));
  world.session.account_changed(gone);
  auto said = world.host.take();
  CHECK(said.find("RS- GONE foo\r\n") != std::string::npos);
  CHECK(said.find("RS- GONE work q\r\n") != std::string::npos);
  // Its clients are still about to go, and may do this and that meanwhile.
  auto late = world.subscribe(gone, "late");
  CHECK(world.told(gone, late).empty());
  gone->drop_interest(*foo);
  CHECK(world.told(gone, foo).empty());
}

TEST_CASE("what a peer wants in an account that is removed, it gets when the account is back") {
  session_world world;
  world.admit();
  auto first = world.accounts.named("BACK");
  world.session.account_changed(first);
  world.hear("RS+ BACK foo\r\nRS+ BACK work q 2\r\nRS+ BACK over\r\n");
  REQUIRE(world.session.interests() == 3);
  world.accounts.remove("BACK");
  world.session.account_changed(first);
  CHECK(world.session.interests() == 0);
  CHECK(world.wanted(first, "foo") == 0);
  world.hear("RS- BACK over\r\n");
  auto second = world.accounts.named("BACK");
  world.session.account_changed(second);
  CHECK(world.wanted(second, "foo") == 1);
  CHECK(world.wanted(second, "work") == 1);
  CHECK(world.wanted(second, "over") == 0);
  world.hear("RS- BACK foo\r\n");
  CHECK(world.wanted(second, "foo") == 0);
}

TEST_CASE("the end of a removed account takes nothing from the next one of its name") {
  session_world world;
  world.admit();
  auto first = world.accounts.named("TWICE");
  world.session.account_changed(first);
  world.hear("RS+ TWICE bar\r\n");
  auto before = world.subscribe(first, "foo");
  world.told(first, before);
  world.accounts.remove("TWICE");
  auto second = world.accounts.named("TWICE");
  auto after = world.subscribe(second, "foo");
  auto said = world.told(second, after);
  world.session.account_changed(first); // the mail about it comes only now
  world.session.account_changed(second);
  world.tell_all();
  said += world.host.take();
  auto last = said.rfind("RS+ TWICE foo\r\n");
  REQUIRE(last != std::string::npos);
  CHECK(said.find("RS- TWICE foo\r\n", last) == std::string::npos);
  CHECK(world.wanted(second, "bar") == 1);
}

TEST_CASE("when a peer takes other interest it hears all again, and no end is missed meanwhile") {
  session_world world;
  const auto& global = world.accounts.global;
  world.admit("\"headers\":true,\"lnoc\":true,\"lnocu\":true,\"export\":{\"deny\":[\"x\"]}");
  auto foo = world.subscribe(global, "foo");
  auto bar = world.subscribe(global, "bar");
  auto leaf = world.leaf_interest(global, "up", "SITE");
  for (const auto& each : {foo, bar, leaf})
    world.told(global, each);
  std::string said;
  SUBCASE("other rules") {
    world.hear("INFO {\"server_id\":\"P\",\"export\":{\"deny\":[\"y\"]}}\r\n");
  }
  SUBCASE("no rules") {
    world.hear("INFO {\"server_id\":\"P\"}\r\n");
  }
  global->drop_interest(*foo);
  said += world.told(global, foo);
  world.tell_all();
  said += world.host.take();
  CHECK(said.find("RS- $G foo\r\n") != std::string::npos);
  CHECK(said.find("RS+ $G bar\r\n") != std::string::npos);
  CHECK(said.find("LS+ SITE $G up\r\n") != std::string::npos);
  CHECK(world.told(global, bar).empty());
}

TEST_CASE("other permissions after a reload hold for what was told and taken before") {
  session_world world;
  const auto& global = world.accounts.global;
  auto inside = world.subscribe(global, "in.a");
  auto outside = world.subscribe(global, "out.a");
  world.admit();
  world.hear("RS+ $G secret.x\r\nRS+ $G open.x\r\nRS+ LATER secret.y\r\n");
  security::permission_rules rules;
  rules.publish.allow = {"in.>"};
  rules.subscribe.deny = {"secret.>"};
  world.session.apply(terms_of_us(rules));
  auto ended = world.subscribe(global, "out.b");
  CHECK(world.told(global, ended).find("RS+") == std::string::npos);
  world.tell_all();
  auto said = world.host.take();
  CHECK(said.find("RS- $G out.a\r\n") != std::string::npos);
  CHECK(said.find("RS- $G in.a\r\n") == std::string::npos);
  CHECK(world.wanted(global, "secret.x") == 0);
  CHECK(world.wanted(global, "open.x") == 1);
  auto later = world.accounts.named("LATER");
  world.session.account_changed(later);
  CHECK(world.wanted(later, "secret.y") == 0);
  world.session.apply(terms_of_us());
  world.tell_all();
  CHECK(world.host.take().find("RS+ $G out.a\r\n") != std::string::npos);
}
