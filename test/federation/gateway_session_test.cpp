// test/federation/gateway_session_test.cpp: what both ends of a gateway's connection say and
// believe.
#include "actors/link_registry.hpp"
#include "federation/gateway_session.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

using namespace troupe;
using namespace troupe::federation;
using protocol::close_reason;
using protocol::peer_role;

namespace {

struct journal final : gateway_host {
  struct ending {
    close_reason why;
    std::string error, text;
  };
  void say(std::string_view line) override { said += line; }
  void introduce(gateway_introduction one) override { who = std::move(one); }
  void pass_on(gateway_news one) override { news.push_back(std::move(one)); }
  void ponged() override { ++pongs; }
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view text) override {
    ended = ending{why, std::string{error}, std::string{text}};
  }
  std::string take() { return std::exchange(said, {}); }

  std::string said;
  bool more = false;
  std::optional<gateway_introduction> who;
  std::vector<gateway_news> news;
  int pongs = 0;
  std::optional<ending> ended;
};

std::shared_ptr<gateway_terms> terms_of_us() {
  auto out = std::make_shared<gateway_terms>();
  out->info.server_id = "US";
  out->info.server_name = "us";
  out->info.version = "2.15.1";
  out->info.headers = true;
  out->info.gateway = "G1";
  out->info.gateway_url = "127.0.0.1:7222";
  out->info.gateway_urls = {"127.0.0.1:7222"};
  out->parsing.max_control_line = 4096;
  out->parsing.max_payload = 64;
  return out;
}

dialled_gateway remote_g2() {
  dialled_gateway out;
  out.number = 1;
  out.name = "G2";
  out.user = "gate";
  out.password = "word";
  return out;
}

constexpr auto info_of_g2 =
    "INFO {\"server_id\":\"THEM\",\"server_name\":\"them\",\"headers\":true,"
    "\"gateway\":\"G2\",\"gateway_urls\":[\"h:7222\"],"
    "\"gateway_nrp\":true,\"gateway_iom\":true}\r\n";
constexpr auto connect_of_g2 = "CONNECT {\"name\":\"THEM\",\"gateway\":\"G2\",\"user\":\"u\","
                               "\"pass\":\"p\"}\r\n";

struct gateway_world {
  explicit gateway_world(std::optional<dialled_gateway> remote = {})
      : dest{protocol::make_ref<actors::link_destination>(
          uint64_t{7}, uint32_t{1}, remote ? peer_role::gateway_out : peer_role::gateway_in,
          int64_t{1} << 20)},
        session{host, {accounts, links, routes, dest}, terms_of_us(), std::move(remote)} {
    session.begin();
    greeting = host.take();
  }

  void hear(const std::string& bytes) { session.parse(bytes, nullptr); }
  void settle(std::vector<std::string> gossip = {}) {
    REQUIRE(host.who);
    gateway_admission yes;
    yes.admitted = true;
    yes.gossip = std::move(gossip);
    session.settle(yes);
    tell_more();
    first_words = host.take();
  }
  void tell_more() {
    while (std::exchange(host.more, false))
      session.tell_more();
  }
  void come() {
    hear(connect_of_g2);
    hear(info_of_g2);
    settle();
  }
  void reach() {
    hear(info_of_g2);
    settle();
  }
  actors::subscription_ptr subscribe(std::string_view subject, std::string_view queue = {}) {
    return subscribe_in(accounts.global, subject, queue);
  }
  actors::subscription_ptr subscribe_in(const actors::account_ptr& where, std::string_view subject,
                                        std::string_view queue = {}) {
    auto one = protocol::make_ref<actors::subscription>(where->interests.share_text(subject, queue),
                                                        "1", client);
    REQUIRE(where->add_interest(one));
    return one;
  }
  /// As the link does when it is told that something has changed.
  std::string told(const actors::subscription_ptr& what) {
    actors::interest_changes changes;
    changes.all.push_back({accounts.global, what->text()});
    session.tell(changes);
    return host.take();
  }
  size_t wanted(std::string_view subject) {
    return accounts.global->interests.match(subject)->fanout();
  }

  actors::block_pool pool{64 * 1024};
  actors::link_registry links{peer_role::gateway_in, peer_role::gateway_out};
  actors::account_registry accounts{1, "$SYS", {}, {}, &links};
  actors::router routes{pool, 0};
  actors::destination_ptr client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  actors::link_destination_ptr dest;
  journal host;
  gateway_session session;
  std::string greeting, first_words;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// Of "$G".
constexpr auto begin_of_global = "\"gateway_cmd\":2,\"gateway_cmd_payload\":\"JEc=\"";
constexpr auto end_of_global = "\"gateway_cmd\":3,\"gateway_cmd_payload\":\"JEc=\"";

} // namespace

// -- accepting
// -------------------------------------------------------------------------------------

TEST_CASE(
    "who is dialled by a gateway speaks first: its cluster, its URLs and interest-only mode") {
  gateway_world world;
  CHECK(world.greeting.starts_with("INFO {\"server_id\":\"US\""));
  for (auto part : {"\"gateway\":\"G1\"", "\"gateway_urls\":[\"127.0.0.1:7222\"]",
                    "\"gateway_url\":\"127.0.0.1:7222\"", "\"gateway_nrp\":true",
                    "\"gateway_iom\":true", "\"headers\":true"})
    CHECK_MESSAGE(contains(world.greeting, part), part);
}

TEST_CASE("a gateway that comes is introduced with what it says of itself, and waits") {
  gateway_world world;
  world.hear(connect_of_g2);
  CHECK_FALSE(world.host.who);
  world.hear(info_of_g2);
  REQUIRE(world.host.who);
  CHECK(world.host.who->gid == 7);
  CHECK_FALSE(world.host.who->solicited);
  CHECK(world.host.who->info.gateway == "G2");
  CHECK(world.host.who->info.gateway_urls == std::vector<std::string>{"h:7222"});
  CHECK(world.host.who->user == "u");
  CHECK(world.host.who->password == "p");
  CHECK(world.session.introduced());
  CHECK(world.host.take().empty());
}

TEST_CASE("a gateway that is let in hears gossip, then each account's interest between commands") {
  gateway_world world;
  auto plain = world.subscribe("before.*");
  auto member = world.subscribe("work", "q");
  auto second = world.subscribe("work", "q");
  world.hear(connect_of_g2);
  world.hear(info_of_g2);
  world.settle({"INFO {gossip}\r\n"});
  const auto& said = world.first_words;
  CHECK(said.starts_with("INFO {gossip}\r\n"));
  auto begins = said.find(begin_of_global);
  auto ends = said.find(end_of_global);
  REQUIRE(begins != said.npos);
  REQUIRE(ends != said.npos);
  for (auto line : {"RS+ $G before.*\r\n", "RS+ $G work q 1\r\n"}) {
    auto at = said.find(line);
    REQUIRE_MESSAGE(at != said.npos, line);
    CHECK(begins < at);
    CHECK(at < ends);
    CHECK(said.find(line, at + 1) == said.npos);
  }
}

TEST_CASE("later interest is told when it begins and when its last subscriber goes") {
  gateway_world world;
  world.come();
  auto first = world.subscribe("a.b");
  CHECK(world.told(first) == "RS+ $G a.b\r\n");
  auto second = world.subscribe("a.b");
  CHECK(world.told(second).empty());
  world.accounts.global->drop_interest(*first);
  CHECK(world.told(first).empty());
  world.accounts.global->drop_interest(*second);
  CHECK(world.told(second) == "RS- $G a.b\r\n");
}

TEST_CASE("interest that changes before its account was begun is told once, behind the command") {
  gateway_world world;
  world.hear(connect_of_g2);
  world.hear(info_of_g2);
  gateway_admission yes;
  yes.admitted = true;
  world.session.settle(yes);
  auto early = world.subscribe("early");
  CHECK_MESSAGE(world.told(early).empty(), "the peer would not listen yet");
  world.tell_more();
  auto said = world.host.take();
  CHECK(said.find(begin_of_global) < said.find("RS+ $G early\r\n"));
  CHECK(world.told(early).empty());
}

TEST_CASE("messages of a gateway are counted, and unknown accounts refused once") {
  gateway_world world;
  world.come();
  world.hear("RMSG NOACC x 2\r\nhi\r\nRMSG NOACC x 2\r\nhi\r\n");
  CHECK(world.host.take() == "A- NOACC\r\n");
  CHECK(world.session.in_messages == 2);
  CHECK(world.session.in_bytes == 4);
  CHECK_FALSE(world.host.ended);
}

TEST_CASE("who speaks before CONNECT on the gateway port is refused") {
  for (const std::string words :
       {"PING\r\n", "INFO {\"gateway\":\"G2\"}\r\n", "RMSG $G a 1\r\nx\r\n", "RS+ $G a\r\n"}) {
    gateway_world world;
    world.hear(words);
    REQUIRE_MESSAGE(world.host.ended, words);
    CHECK_MESSAGE(world.host.ended->error == "Authorization Violation", words);
  }
}

TEST_CASE("who is no gateway is told that this is the gateways' port") {
  gateway_world world;
  world.hear("CONNECT {\"lang\":\"go\",\"verbose\":false}\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->why == close_reason::wrong_port);
  CHECK(world.host.ended->error == "attempted to connect to gateway port");
}

TEST_CASE("a gateway that is not let in hears why") {
  gateway_world world;
  world.hear(connect_of_g2);
  world.hear(info_of_g2);
  gateway_admission no;
  no.reason = close_reason::authentication_violation;
  no.error = "Connection to gateway \"G2\" rejected";
  world.session.settle(no);
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == no.error);
  CHECK_FALSE(world.session.admitted());
}

TEST_CASE("interest that comes from the end that dialled ends the connection") {
  for (const std::string words : {"RS+ $G a\r\n", "RS- $G a\r\n", "A+ $G\r\n", "A- $G\r\n"}) {
    gateway_world world;
    world.come();
    world.hear(words);
    REQUIRE_MESSAGE(world.host.ended, words);
    CHECK_MESSAGE(world.host.ended->error.empty(), words);
  }
}

TEST_CASE("leaf nodes' verbs and garbage end the connection") {
  for (const std::string words : {"LS+ a\r\n", "LMSG a 1\r\nx\r\n", "GET / HTTP/1.1\r\n",
                                  "RMSG $G\r\n", "RMSG $G a -1\r\n"}) {
    gateway_world world;
    world.come();
    world.hear(words);
    CHECK_MESSAGE(world.host.ended, words);
  }
}

TEST_CASE("accepted gateways are told of the cluster's other members") {
  gateway_world world;
  world.come();
  CHECK_MESSAGE(world.session.accounts().size() == 2, "$G and $SYS");
  auto next = terms_of_us();
  world.session.apply(next);
  CHECK(world.host.take().empty());
  next = terms_of_us();
  next->info.gateway_urls.emplace_back("127.0.0.1:7223");
  world.session.apply(next);
  CHECK(contains(world.host.take(), "\"gateway_urls\":[\"127.0.0.1:7222\",\"127.0.0.1:7223\"]"));
}

TEST_CASE("a peer hears that the interest of a removed account has gone, groups and all") {
  gateway_world world;
  world.come();
  auto gone = world.accounts.named("GONE");
  world.session.account_changed(gone);
  auto foo = world.subscribe_in(gone, "foo");
  auto work = world.subscribe_in(gone, "work", "q");
  world.tell_more();
  world.host.take();
  world.accounts.remove("GONE");
  world.session.account_changed(gone);
  auto said = world.host.take();
  auto plain = said.find("RS- GONE foo\r\n");
  auto group = said.find("RS- GONE work q\r\n");
  auto mark = said.find("A- GONE\r\n");
  REQUIRE(plain != said.npos);
  REQUIRE(group != said.npos);
  REQUIRE(mark != said.npos);
  CHECK(plain < mark);
  CHECK_MESSAGE(group < mark, "A- would leave groups in force");
}

TEST_CASE("the end of a removed account takes nothing from the next one of its name") {
  gateway_world world;
  world.come();
  auto first = world.accounts.named("TWICE");
  world.session.account_changed(first);
  world.subscribe_in(first, "foo");
  world.tell_more();
  world.accounts.remove("TWICE");
  auto second = world.accounts.named("TWICE");
  world.session.account_changed(second);
  world.subscribe_in(second, "foo");
  world.tell_more();
  world.session.account_changed(first); // the mail about it comes only now
  world.tell_more();
  auto said = world.host.take();
  auto last = said.rfind("RS+ TWICE foo\r\n");
  REQUIRE(last != said.npos);
  CHECK(said.find("RS- TWICE foo\r\n", last) == said.npos);
  CHECK(said.find("A- TWICE\r\n", last) == said.npos);
  CHECK(said.rfind("\"gateway_cmd\":2", last) != said.npos);
}

TEST_CASE("no weights of members are so large that a group of them counts as none") {
  gateway_world world;
  world.come();
  const auto& global = world.accounts.global;
  std::vector<std::unique_ptr<actors::peer_interest>> members;
  for (uint32_t weight : {999'999'999u, 999'999'999u, 999'999'999u, 999'999'999u, 294'967'300u}) {
    auto route = protocol::make_ref<actors::link_destination>(uint64_t{20}, uint32_t{3},
                                                              peer_role::route, int64_t{1} << 20);
    members.push_back(std::make_unique<actors::peer_interest>(route, true, nullptr));
    members.back()->put(global, {{}, "work", "q"}, weight);
  }
  auto one = world.subscribe("work", "q");
  CHECK(world.told(one) == "RS+ $G work q 1\r\n");
  global->drop_interest(*one);
  CHECK(world.told(one).empty());
}

// -- dialling
// --------------------------------------------------------------------------------------

TEST_CASE("who dials a gateway is silent until it has heard whom it reached, and is let in") {
  gateway_world world{remote_g2()};
  CHECK(world.greeting.empty());
  world.hear(info_of_g2);
  REQUIRE(world.host.who);
  CHECK(world.host.who->solicited);
  CHECK(world.host.take().empty());
  world.settle();
  CHECK(world.first_words.starts_with("CONNECT {"));
  for (auto part : {"\"gateway\":\"G1\"", "\"name\":\"US\"", "\"user\":\"gate\"",
                    "\"pass\":\"word\"", "\r\nINFO {\"server_id\":\"US\""})
    CHECK_MESSAGE(contains(world.first_words, part), part);
  CHECK(world.dest->cluster() == "G2");
  CHECK(world.dest->hash == "ACfM4c");
  CHECK(world.dest->headers);
}

TEST_CASE("a port that is no gateway's, or that of another cluster, is left with a reason") {
  gateway_world wrong{remote_g2()};
  wrong.hear("INFO {\"server_id\":\"X\",\"port\":4222}\r\n");
  REQUIRE(wrong.host.ended);
  CHECK(wrong.host.ended->error == "Attempt to connect to gateway \"G2\" using wrong port");
  gateway_world other{remote_g2()};
  other.hear("INFO {\"server_id\":\"X\",\"gateway\":\"GX\",\"gateway_iom\":true}\r\n");
  REQUIRE(other.host.ended);
  CHECK(other.host.ended->error
        == "Connection from \"G1\" rejected, wanted to connect to \"G2\", this is \"GX\"");
}

TEST_CASE("a gateway that would have to be sent everything is not used") {
  gateway_world world{remote_g2()};
  world.hear("INFO {\"server_id\":\"X\",\"gateway\":\"G2\"}\r\n");
  REQUIRE(world.host.ended);
  CHECK(contains(world.host.ended->error, "gateway_iom"));
}

TEST_CASE("interest of a dialled gateway is in force until it is taken back, or the link ends") {
  gateway_world world{remote_g2()};
  world.reach();
  CHECK(world.wanted("a.b") == 0);
  world.hear("INFO {\"gateway\":\"G2\",\"gateway_cmd\":2,\"gateway_cmd_payload\":\"JEc=\"}\r\n"
             "RS+ $G a.*\r\nRS+ $G work q 1\r\nRS+ $G a.*\r\n"
             "INFO {\"gateway\":\"G2\",\"gateway_cmd\":3,\"gateway_cmd_payload\":\"JEc=\"}\r\n");
  CHECK(world.wanted("a.b") == 1);
  CHECK(world.session.interests() == 2);
  auto accounts = world.session.accounts();
  REQUIRE(accounts.size() == 1);
  CHECK(accounts[0].name == "$G");
  CHECK(accounts[0].subscriptions == 2);
  CHECK(accounts[0].queue_subscriptions == 1);
  CHECK(accounts[0].subscription_list.empty());
  auto listed = world.session.accounts(true)[0].subscription_list;
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].subject + listed[1].subject == (listed[0].queue.empty() ? "a.*work" : "worka.*"));
  CHECK(listed[0].cid == 7);
  SUBCASE("by RS-") {
    world.hear("RS- $G a.*\r\nRS- $G never\r\nRS- $G work q\r\n");
    CHECK(world.session.interests() == 0);
  }
  SUBCASE("A- takes plain interest back, and leaves queue groups") {
    world.hear("A- $G\r\n");
    CHECK(world.wanted("a.b") == 0);
    CHECK(world.session.interests() == 1);
  }
  SUBCASE("with the link") {
    world.session.retire();
    CHECK(world.links.all()->empty());
  }
  CHECK_FALSE(world.host.ended);
  world.session.retire();
  CHECK(world.wanted("a.b") == 0);
}

TEST_CASE("commands without an account end the connection, unknown ones do not") {
  for (auto [number, word] : {std::pair{2, "start"}, std::pair{3, "complete"}}) {
    gateway_world world{remote_g2()};
    world.reach();
    world.hear("INFO {\"gateway\":\"G2\",\"gateway_cmd\":" + std::to_string(number) + "}\r\n");
    REQUIRE(world.host.ended);
    CHECK(world.host.ended->error
          == std::string{"Account absent from receive-all-subscriptions-"} + word + " command");
  }
  gateway_world world{remote_g2()};
  world.reach();
  world.hear("INFO {\"gateway\":\"G2\",\"gateway_cmd\":9}\r\n");
  for (const std::string payload : {"====", "=", "A", "\\u0001\\u0002", "QUNDMQ==", "QUNDMQ=="})
    world.hear("INFO {\"gateway\":\"G2\",\"gateway_cmd\":2,\"gateway_cmd_payload\":\"" + payload
               + "\"}\r\n");
  CHECK_FALSE(world.host.ended);
  auto accounts = world.session.accounts();
  REQUIRE(accounts.size() == 1);
  CHECK_MESSAGE(accounts[0].name == "ACC1", "unknown here, but the peer has it");
}

TEST_CASE("a dialled gateway tells of third clusters, and of its own members") {
  gateway_world world{remote_g2()};
  world.reach();
  world.hear("INFO {\"gateway\":\"G3\",\"gateway_cmd\":1,\"gateway_urls\":[\"c:1\"]}\r\n"
             "INFO {\"gateway\":\"G1\",\"gateway_cmd\":1,\"gateway_urls\":[\"own:1\"]}\r\n"
             "INFO {\"gateway\":\"G2\",\"gateway_urls\":[\"h:7222\",\"i:7222\"]}\r\n");
  REQUIRE(world.host.news.size() == 2);
  CHECK(world.host.news[0].gossip);
  CHECK(world.host.news[0].name == "G3");
  CHECK(world.host.news[0].urls == std::vector<std::string>{"c:1"});
  CHECK_FALSE(world.host.news[1].gossip);
  CHECK(world.host.news[1].urls == std::vector<std::string>{"h:7222", "i:7222"});
  world.hear("INFO {\"gateway\":\"G4\",\"gateway_urls\":[\"d:1\"]}\r\n");
  REQUIRE_MESSAGE(world.host.ended, "another cluster without the gossip command");
}

TEST_CASE("messages that come from the end that accepted end the connection") {
  gateway_world world{remote_g2()};
  world.reach();
  world.hear("RMSG $G a 1\r\nx\r\n");
  REQUIRE(world.host.ended);
}

TEST_CASE("a gateway's complaint ends the connection and is told in the log") {
  gateway_world world{remote_g2()};
  world.reach();
  world.hear("-ERR 'Stale Connection'\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->text == "Gateway Error 'Stale Connection'");
  CHECK(world.host.ended->error.empty());
}

TEST_CASE("what a gateway wants in an account that is removed, it gets when the account is back") {
  gateway_world world{remote_g2()};
  world.reach();
  auto first = world.accounts.named("BACK");
  world.session.account_changed(first);
  world.hear("RS+ BACK foo\r\nRS+ BACK work q 1\r\n");
  REQUIRE(world.session.interests() == 2);
  world.accounts.remove("BACK");
  world.session.account_changed(first);
  CHECK(world.session.interests() == 0);
  auto second = world.accounts.named("BACK");
  world.session.account_changed(second);
  CHECK(second->interests.match("foo")->fanout() == 1);
  CHECK(second->interests.match("work")->fanout() == 1);
  world.hear("RS- BACK foo\r\nRS- BACK work q\r\n");
  CHECK(world.session.interests() == 0);
}
