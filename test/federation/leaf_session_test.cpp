// test/federation/leaf_session_test.cpp: what both ends of a leaf node's link say and believe.
#include "actors/link_registry.hpp"
#include "federation/leaf_session.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

using namespace troupe;
using namespace troupe::federation;
using protocol::close_reason;

namespace {

struct journal final : leaf_host {
  struct ending {
    close_reason why;
    std::string error, text;
  };
  void say(std::string_view line) override { said += line; }
  void secure() override { secures = true; }
  void authenticate(const protocol::link_connect& one) override { connect = one; }
  void introduce(leaf_introduction one) override { who = std::move(one); }
  void hear_urls(const std::vector<std::string>& some) override { urls = some; }
  void ponged() override { ++pongs; }
  std::chrono::steady_clock::time_point now() const override { return clock; }
  void go_on_telling() override { more = true; }
  void end(close_reason why, std::string_view error, std::string_view text) override {
    ended = ending{why, std::string{error}, std::string{text}};
  }
  void complained(std::string_view text) override { complaint = text; }
  std::string take() { return std::exchange(said, {}); }

  std::chrono::steady_clock::time_point clock{std::chrono::hours{1}};
  std::string said, complaint;
  bool secures = false, more = false;
  std::optional<protocol::link_connect> connect;
  std::optional<leaf_introduction> who;
  std::vector<std::string> urls;
  int pongs = 0;
  std::optional<ending> ended;
};

std::shared_ptr<leaf_terms> terms_of_us() {
  auto out = std::make_shared<leaf_terms>();
  out->info.server_id = "US";
  out->info.server_name = "us";
  out->info.version = "2.15.1";
  out->info.headers = true;
  out->info.leafnode_urls.emplace();
  out->own_cluster = "us";
  out->parsing.max_control_line = 4096;
  out->parsing.max_payload = 64;
  return out;
}

security::permissions_ptr permissions_of(security::permission_rules rules) {
  return protocol::make_ref<const security::permissions>(std::move(rules));
}

constexpr auto info_of_hub = "\"server_id\":\"H\",\"server_name\":\"hub\",\"cluster\":\"HUBC\","
                             "\"headers\":true,\"client_id\":5,\"nonce\":\"abc\","
                             "\"info_on_connect\":true,\"leafnode_urls\":[\"h:7422\"]";

struct leaf_world {
  explicit leaf_world(std::optional<dialled_hub> hub = {},
                      std::shared_ptr<leaf_terms> mine = terms_of_us())
      : session{host, {accounts, links, routes, dest}, std::move(mine), std::move(hub), "N0NCE"} {
    session.begin();
    greeting = host.take();
  }

  void hear(const std::string& bytes) { session.parse(bytes, nullptr); }
  void settle() {
    REQUIRE(host.who);
    leaf_admission yes;
    yes.admitted = true;
    yes.loop_subject = "$LDS.OURS";
    session.settle(yes);
    while (std::exchange(host.more, false))
      session.tell_more();
    first_words = host.take();
    // Services that every account has, and may ask over a leaf node's link as well.
    for (size_t at = 0; (at = first_words.find("LS+ $SYS.")) != first_words.npos;)
      first_words.erase(at, first_words.find('\n', at) + 1 - at);
  }
  /// A leaf node that says `connect` besides its names comes, and may `may`.
  void accept(const std::string& connect = "\"headers\":true", security::permissions_ptr may = {}) {
    hear("CONNECT {\"name\":\"L1\",\"cluster\":\"L1\"," + connect + "}\r\n");
    REQUIRE(host.connect);
    session.log_in(accounts.global, may);
    settle();
  }
  /// The hub says `info` besides its names, then that it lets us in.
  void dial(const std::string& info = "\"proto\":1") {
    hear(std::string{"INFO {"} + info_of_hub + "}\r\n");
    hello = host.take();
    hear(std::string{"INFO {"} + info_of_hub + ",\"connect_info\":true,\"remote_account\":\"A\","
         + info + "}\r\n");
    settle();
  }
  actors::subscription_ptr subscribe(std::string_view subject, std::string_view queue = {}) {
    auto one = protocol::make_ref<actors::subscription>(
        accounts.global->interests.share_text(subject, queue), "1", client);
    REQUIRE(accounts.global->add_interest(one));
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
  actors::link_registry links{protocol::peer_role::leaf_down, protocol::peer_role::leaf_up};
  actors::account_registry accounts{1, "$SYS", {}, {}, &links};
  actors::router routes{pool, 0};
  actors::destination_ptr client = protocol::make_ref<actors::destination>(
      uint64_t{1}, uint32_t{0}, protocol::peer_kind::client, int64_t{1} << 20);
  actors::link_destination_ptr dest = protocol::make_ref<actors::link_destination>(
      uint64_t{7}, uint32_t{1}, protocol::peer_role::leaf_down, int64_t{1} << 20);
  journal host;
  leaf_session session;
  std::string greeting, hello, first_words;
};

dialled_hub hub_of(const std::function<void(hub_terms&)>& change = {}) {
  auto terms = std::make_shared<hub_terms>();
  terms->account = "$G";
  if (change)
    change(*terms);
  dialled_hub out;
  out.number = 1;
  out.terms = std::move(terms);
  out.user = "leaf";
  out.password = "word";
  return out;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

} // namespace

// -- accepting
// -------------------------------------------------------------------------------------

TEST_CASE("a hub's first INFO makes a leaf node know the port: a number, a nonce, a list of URLs") {
  leaf_world world;
  CHECK(world.greeting.starts_with("INFO {\"server_id\":\"US\""));
  for (auto part : {"\"client_id\":7", "\"nonce\":\"N0NCE\"", "\"leafnode_urls\":[]",
                    "\"info_on_connect\":true", "\"auth_required\":true"})
    CHECK_MESSAGE(contains(world.greeting, part), part);
  CHECK_FALSE(contains(world.greeting, "compression"));
}

TEST_CASE("a leaf node that is let in hears its account, the loop subject and then all interest") {
  leaf_world world;
  auto before = world.subscribe("before.*");
  world.accept();
  CHECK(contains(world.first_words, "\"connect_info\":true"));
  CHECK(contains(world.first_words, "\"remote_account\":\"$G\""));
  CHECK(world.first_words.ends_with("LS+ $LDS.OURS\r\nLS+ before.*\r\n"));
  auto one = world.subscribe("work", "q");
  CHECK(world.told(one) == "LS+ work q 1\r\n");
  auto two = world.subscribe("work", "q");
  CHECK(world.told(two) == "LS+ work q 2\r\n");
  world.accounts.global->drop_interest(*one);
  world.accounts.global->drop_interest(*two);
  CHECK(world.told(two) == "LS- work q\r\n");
  world.accounts.global->drop_interest(*before);
  CHECK(world.told(before) == "LS- before.*\r\n");
}

TEST_CASE("a hub that has gateways asks its leaf nodes for answers to other clusters") {
  leaf_world world;
  world.links.set_identity({"zvIETV", "mine00"});
  world.accept();
  CHECK(world.first_words.find("\r\nLS+ $LDS.OURS\r\nLS+ _GR_.>\r\n") != std::string::npos);
  leaf_world alone;
  alone.accept();
  CHECK(alone.first_words.find("_GR_") == std::string::npos);
}

TEST_CASE("nothing but CONNECT is listened to before the login") {
  for (const auto* early : {"LS+ foo\r\n", "LMSG foo 1\r\nx\r\n", "HMSG foo 1 1\r\nx\r\n"}) {
    leaf_world world;
    world.hear(early);
    REQUIRE_MESSAGE(world.host.ended, early);
    CHECK(world.host.ended->error == "Authorization Violation");
  }
  leaf_world world;
  world.hear("INFO {}\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == "Authorization Violation");
}

TEST_CASE("what follows CONNECT waits for the login") {
  leaf_world world;
  world.hear("CONNECT {\"name\":\"L1\",\"user\":\"a\",\"pass\":\"b\"}\r\nLS+ foo\r\n");
  REQUIRE(world.host.connect);
  CHECK(world.host.connect->pass == "b");
  CHECK_FALSE(world.host.ended);
  CHECK(world.wanted("foo") == 0);
}

TEST_CASE("who has come to the wrong port, or to the wrong hub, is told so") {
  auto error = [](const std::string& connect, auto change) {
    auto mine = terms_of_us();
    change(*mine);
    leaf_world world{{}, mine};
    world.hear("CONNECT " + connect + "\r\n");
    return world.host.ended ? world.host.ended->error : "none";
  };
  auto as_is = [](leaf_terms&) {};
  auto in_cluster = [](leaf_terms& mine) { mine.info.cluster = "C1"; };
  auto young = [](leaf_terms& mine) { mine.min_version = "2.10.0"; };
  CHECK(error("{\"lang\":\"go\"}", as_is) == "attempted to connect to leaf node port");
  CHECK(error("{\"gateway\":\"G\"}", as_is)
        == "Rejecting connection from gateway \"G\" on the leafnode port");
  CHECK(error("{\"cluster\":\"C1\"}", in_cluster) == "remote leafnode has same cluster name");
  CHECK(error("{\"cluster\":\"a b\"}", as_is) == "cluster name cannot contain spaces");
  CHECK(error("{\"version\":\"2.9.10\"}", young)
        == "connection rejected since minimum version required is \"2.10.0\"");
  CHECK(error("{\"version\":\"v2.10.1\"}", young) == "none");
  CHECK(error("{\"cluster\":\"C2\"}", in_cluster) == "none");
  CHECK(error("garbage", as_is) == ""); // it would not understand
}

TEST_CASE("a leaf node's interest is in force at once, and ends with its link") {
  leaf_world world;
  world.accept();
  world.hear("LS+ foo\r\nLS+ foo\r\nLS+ work q 3\r\n");
  CHECK(world.wanted("foo") == 1);
  CHECK(world.wanted("work") == 1);
  CHECK(world.session.interests() == 2);
  CHECK(world.session.interest_list().size() == 2);
  world.hear("LS- work q\r\nLS- never\r\n");
  CHECK(world.wanted("work") == 0);
  world.session.retire();
  CHECK(world.wanted("foo") == 0);
  CHECK(world.links.all()->empty());
}

TEST_CASE("nobody is told of his own interest") {
  leaf_world world;
  world.accept();
  world.hear("LS+ foo\r\n");
  auto here = world.subscribe("foo");
  CHECK(world.told(here) == "LS+ foo\r\n");
  world.accounts.global->drop_interest(*here);
  CHECK(world.told(here) == "LS- foo\r\n");
  // Also if its site has no name to know it by.
  leaf_world nameless;
  nameless.hear("CONNECT {\"name\":\"L1\"}\r\n");
  nameless.session.log_in(nameless.accounts.global, {});
  nameless.settle();
  nameless.hear("LS+ foo\r\n");
  auto there = nameless.subscribe("foo");
  nameless.accounts.global->drop_interest(*there);
  CHECK(nameless.told(there).empty());
}

TEST_CASE("who hears his own loop subject is in a loop, and stays away for half a minute") {
  leaf_world world;
  world.accept();
  world.hear("LS+ $LDS.THEIRS\r\n");
  CHECK_FALSE(world.host.ended);
  CHECK(world.wanted("$LDS.THEIRS") == 1);
  world.hear("LS+ $LDS.OURS\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error
        == "Loop detected for leafnode account=\"$G\". Delaying attempt to reconnect for 30s");
  CHECK(world.session.hold_off() == std::chrono::seconds{30});
}

TEST_CASE("a leaf user's permissions hold for what is told, taken, sent and heard") {
  security::permission_rules rules;
  rules.publish.allow = {"up.>"};
  rules.publish.deny = {"up.no"};
  rules.subscribe.allow = {"down.>"};
  leaf_world world;
  auto inside = world.subscribe("up.x");
  auto outside = world.subscribe("nope");
  auto denied = world.subscribe("up.no");
  auto wide = world.subscribe(">");
  world.accept("\"headers\":true", permissions_of(rules));
  CHECK(contains(world.first_words, "\"import\":{\"allow\":[\"down.>\"]"));
  CHECK(contains(world.first_words, "\"export\":{\"allow\":[\"up.>\"],\"deny\":[\"up.no\"]"));
  CHECK(contains(world.first_words, "LS+ up.x\r\n"));
  CHECK(contains(world.first_words, "LS+ >\r\n"));
  CHECK_FALSE(contains(world.first_words, "nope\r\n"));
  CHECK_FALSE(contains(world.first_words, "LS+ up.no\r\n"));
  world.hear("LS+ down.x\r\nLS+ *.x\r\nLS+ other.*\r\n");
  CHECK(world.session.interests() == 2); // no subject of `other.*` may go there
  CHECK_FALSE(world.host.ended);
  CHECK(world.dest->sends->may_publish("down.x"));
  CHECK_FALSE(world.dest->sends->may_publish("elsewhere.x"));
  world.hear("LS+ elsewhere.x\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == "Permissions Violation for Subscription to \"elsewhere.x\"");
}

TEST_CASE("a leaf node that publishes what it may not is cut off") {
  security::permission_rules rules;
  rules.publish.allow = {"up.>"};
  leaf_world world;
  auto wide = world.subscribe(">");
  world.accept("\"headers\":true", permissions_of(rules));
  world.hear("LMSG up.x 1\r\nx\r\nLMSG _R_.abc.def 1\r\nx\r\n");
  CHECK_FALSE(world.host.ended);
  CHECK(world.session.in_messages == 2);
  world.hear("LMSG down.x 1\r\nx\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == "Permissions Violation for Publish to \"down.x\"");
}

TEST_CASE("a leaf user who may only answer may answer what it was asked, once and in time") {
  security::permission_rules rules;
  rules.responses.emplace();
  enum class attempt : uint8_t { unasked, twice, late };
  for (auto what : {attempt::unasked, attempt::twice, attempt::late}) {
    leaf_world world;
    auto inbox = world.subscribe("_INBOX.>");
    world.accept("\"headers\":true", permissions_of(rules));
    CHECK((world.dest->quirks & actors::quirk_tracks_replies) != 0);
    world.session.await_answers({"_INBOX.q"});
    if (what == attempt::late)
      world.host.clock += std::chrono::hours{1};
    if (what == attempt::twice) {
      world.hear("LMSG _INBOX.q 1\r\nx\r\n");
      REQUIRE_FALSE(world.host.ended);
    }
    const std::string subject = what == attempt::unasked ? "_INBOX.other" : "_INBOX.q";
    world.hear("LMSG " + subject + " 1\r\nx\r\n");
    REQUIRE(world.host.ended);
    CHECK(world.host.ended->error == "Permissions Violation for Publish to \"" + subject + "\"");
  }
}

TEST_CASE("two JetStreams never become one over a link, and nobody is blamed for trying") {
  leaf_world world;
  world.accept();
  world.hear("LS+ $JS.API.>\r\nLS+ $KV.b.>\r\nLMSG $JS.API.INFO 1\r\nx\r\n");
  CHECK(world.session.interests() == 0);
  CHECK_FALSE(world.host.ended);
  auto wide = world.subscribe("$JS.API.INFO");
  CHECK(world.told(wide).empty());
}

TEST_CASE("what a leaf node does not want is not sent to it") {
  leaf_world world;
  world.accept("\"deny_pub\":[\"secret.>\"]");
  CHECK_FALSE(world.dest->sends->may_publish("secret.x"));
  world.hear("LS+ secret.x\r\nLS+ >\r\n");
  CHECK(world.session.interests() == 1);
}

TEST_CASE("a leaf node may be the hub of its link") {
  leaf_world world;
  world.accept("\"is_hub\":true");
  CHECK(world.session.is_spoke());
  CHECK_FALSE(world.host.who->hub_side);
}

TEST_CASE("isolated leaf nodes hear nothing of others") {
  leaf_world world;
  world.accept("\"isolate\":true");
  CHECK(world.dest->isolated);
}

TEST_CASE("a server before 2.10 hears weights in two steps, for it counts a new group as one") {
  leaf_world world;
  auto one = world.subscribe("work", "q");
  auto two = world.subscribe("work", "q");
  world.accept("\"version\":\"2.9.10\"");
  CHECK(contains(world.first_words, "LS+ work q 1\r\nLS+ work q 2\r\n"));
}

TEST_CASE("what is too large, or no subject at all, is refused") {
  leaf_world world;
  world.accept();
  world.hear("LS+ a..b\r\nPING\r\n");
  CHECK(world.host.take() == "-ERR 'Invalid Subscription'\r\nPONG\r\n");
  world.hear("LMSG foo 65\r\n");
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == "Maximum Payload Violation");
  for (const auto* garbage : {"RS+ $G foo\r\n", "SUB foo 1\r\n", "RMSG $G foo 1\r\nx\r\n"}) {
    leaf_world other;
    other.accept();
    other.hear(garbage);
    REQUIRE_MESSAGE(other.host.ended, garbage);
    CHECK(other.host.ended->error == "Unknown Protocol Operation");
  }
  leaf_world other;
  other.accept();
  other.hear("LS+ foo q\r\n");
  CHECK(other.host.ended);
}

TEST_CASE("an account's limit of subscriptions holds for a link, which stays") {
  auto mine = terms_of_us();
  mine->max_subscriptions = 2;
  leaf_world world{{}, mine};
  world.accept();
  world.hear("LS+ a\r\nLS+ b\r\nLS+ c\r\n");
  CHECK(world.host.take() == "-ERR 'maximum subscriptions exceeded'\r\n");
  CHECK(world.session.interests() == 2);
  CHECK_FALSE(world.host.ended);
  world.hear("LS- b\r\nLS+ b q 1\r\nLS+ b q 5\r\n"); // one more member is no new interest
  CHECK(world.host.take() == "");
  auto groups = world.accounts.global->interests.match("b");
  CHECK(groups->groups()[0].weights[protocol::queue_group::leafnode] == 5);
}

TEST_CASE("a user's own limits hold besides those of the account") {
  leaf_world world;
  world.hear("CONNECT {\"name\":\"L1\",\"cluster\":\"L1\"}\r\n");
  world.session.log_in(world.accounts.global, {}, {1, 8});
  world.settle();
  world.hear("LS+ a\r\nLS+ b\r\nLMSG a 8\r\n12345678\r\n");
  CHECK(world.host.take() == "-ERR 'maximum subscriptions exceeded'\r\n");
  CHECK_FALSE(world.host.ended);
  world.hear("LMSG a 9\r\n");
  CHECK(world.host.ended);
}

// -- dialling
// --------------------------------------------------------------------------------------

TEST_CASE("who dials says nothing before INFO, then who he is") {
  leaf_world world{hub_of()};
  CHECK(world.greeting.empty());
  auto before = world.subscribe("before");
  world.dial();
  CHECK(world.hello.starts_with("CONNECT {"));
  for (auto part : {"\"user\":\"leaf\"", "\"pass\":\"word\"", "\"name\":\"us\"",
                    "\"cluster\":\"us\"", "\"remote_account\":\"$G\"", "\"headers\":true"})
    CHECK_MESSAGE(contains(world.hello, part), part);
  CHECK_FALSE(contains(world.hello, "\"lang\""));
  CHECK(world.first_words == "LS+ $LDS.OURS\r\nLS+ before\r\n");
  CHECK(world.session.is_spoke());
  CHECK(world.dest->cluster() == "HUBC");
  CHECK(world.host.urls == std::vector<std::string>{"h:7422"});
  CHECK(world.host.who->remote_account == "A");
}

TEST_CASE("a port that is none for leaf nodes is left") {
  for (const auto* info : {"{\"client_id\":1}", "{\"leafnode_urls\":[]}",
                           "{\"client_id\":1,\"leafnode_urls\":null}", "{\"server_id\":\"H\"}"}) {
    leaf_world world{hub_of()};
    world.hear(std::string{"INFO "} + info + "\r\n");
    REQUIRE_MESSAGE(world.host.ended, info);
    CHECK(world.host.ended->why == close_reason::wrong_port);
    CHECK(world.host.said.empty());
  }
  leaf_world smallest{hub_of()};
  smallest.hear("INFO {\"client_id\":1,\"leafnode_urls\":[]}\r\n");
  CHECK(contains(smallest.host.said, "CONNECT {"));
  CHECK(smallest.host.who); // no answer was promised
}

TEST_CASE("a hub need not say where it is reached, if it promises an answer") {
  leaf_world silent{hub_of()};
  silent.hear("INFO {\"client_id\":1,\"info_on_connect\":true}\r\n");
  CHECK_FALSE(silent.host.ended);
  CHECK(contains(silent.host.said, "CONNECT {"));
}

TEST_CASE("TLS begins behind INFO if either end wants it, and CONNECT waits for it") {
  leaf_world asked{hub_of()};
  asked.hear(std::string{"INFO {"} + info_of_hub + ",\"tls_required\":true}\r\n");
  CHECK(asked.host.secures);
  CHECK(asked.host.said.empty());
  asked.session.secured();
  CHECK(asked.host.said.starts_with("CONNECT {"));
  leaf_world demanding{hub_of([](hub_terms& terms) { terms.demands_tls = true; })};
  demanding.hear(std::string{"INFO {"} + info_of_hub + "}\r\n");
  CHECK(demanding.host.secures);
}

TEST_CASE("a key signs the hub's nonce; the seed goes nowhere") {
  auto key = security::key_pair::create(security::nkey_kind::user);
  leaf_world world{hub_of([&](hub_terms& terms) { terms.identity.key = key; })};
  world.hear(std::string{"INFO {"} + info_of_hub + "}\r\n");
  auto hello = world.host.take();
  CHECK(contains(hello, "\"nkey\":\"" + key.public_text() + "\""));
  protocol::link_connect said;
  auto json = hello.substr(8);
  REQUIRE(parse_link_connect(json, said).empty());
  CHECK(security::signed_by(key.public_text(), "abc", said.sig));
  CHECK_FALSE(contains(hello, key.seed().text()));
}

TEST_CASE("the hub's permissions and our own lists decide what passes") {
  auto hub = hub_of([](hub_terms& terms) {
    terms.deny_imports = {"no.in.>"};
    terms.deny_exports = {"no.out.>"};
  });
  leaf_world world{hub};
  auto inside = world.subscribe("down.x");
  auto outside = world.subscribe("nope");
  auto denied = world.subscribe("no.in.x");
  world.dial("\"import\":{\"allow\":[\"down.>\",\"no.>\"]},\"export\":{\"deny\":[\"hush\"]}");
  CHECK(contains(world.hello, "\"deny_pub\":[\"no.in.>\"]"));
  CHECK(world.first_words == "LS+ $LDS.OURS\r\nLS+ down.x\r\n");
  CHECK_FALSE(world.dest->sends->may_publish("hush"));
  CHECK_FALSE(world.dest->sends->may_publish("no.out.x"));
  CHECK(world.dest->sends->may_publish("other"));
  world.hear("LS+ no.out.x\r\nLS+ other\r\nLMSG nope 1\r\nx\r\n");
  CHECK(world.session.interests() == 1);
  CHECK_FALSE(world.host.ended); // a hub is not blamed, it is not heard
}

TEST_CASE("a hub's refusal says how long nobody should come back") {
  auto wait = [](const std::string& error) {
    leaf_world world{hub_of()};
    world.hear(std::string{"INFO {"} + info_of_hub + "}\r\n-ERR '" + error + "'\r\n");
    CHECK_FALSE(world.host.ended);
    CHECK(world.host.complaint == error);
    return world.session.hold_off().count();
  };
  CHECK(wait("Loop detected for leafnode account=\"A\". Delaying attempt to reconnect for 30s")
        == 30);
  CHECK(wait("remote leafnode has same cluster name") == 30);
  CHECK(wait("connection rejected since minimum version required is \"2.9.0\"") == 5);
  CHECK(wait("Permissions Violation for Publish to \"a\"") == 30);
  CHECK(wait("Authorization Violation") == 0);
}

TEST_CASE("the leafs actor may refuse, and the session says why") {
  leaf_world world{hub_of()};
  world.hear(std::string{"INFO {"} + info_of_hub + "}\r\nINFO {\"connect_info\":true}\r\n");
  leaf_admission no;
  no.reason = close_reason::protocol_violation;
  no.error = no.because = "Loop detected for leafnode account=\"$G\"";
  world.session.settle(no);
  REQUIRE(world.host.ended);
  CHECK(world.host.ended->error == no.error);
  CHECK(world.session.hold_off() == std::chrono::seconds{30});
  CHECK_FALSE(world.session.admitted());
}

TEST_CASE("an account that is not here is no reason to fall") {
  leaf_world world{hub_of([](hub_terms& terms) { terms.account = "GONE"; })};
  world.hear(std::string{"INFO {"} + info_of_hub + "}\r\nINFO {\"connect_info\":true}\r\n");
  REQUIRE(world.host.ended);
  CHECK(contains(world.host.ended->text, "GONE"));
}

TEST_CASE("a hub without a cluster hears of interest that it has as well") {
  leaf_world world{hub_of()};
  world.hear("INFO {\"client_id\":1,\"leafnode_urls\":[]}\r\n");
  world.host.take();
  world.settle();
  world.hear("LS+ foo\r\n");
  auto here = world.subscribe("foo");
  CHECK(world.told(here) == "LS+ foo\r\n");
}

TEST_CASE("later INFO of a hub only brings URLs") {
  leaf_world world{hub_of()};
  world.dial();
  world.hear("INFO {\"leafnode_urls\":[\"a:1\",\"b:2\"]}\r\n");
  CHECK(world.host.urls == std::vector<std::string>{"a:1", "b:2"});
  CHECK_FALSE(world.host.ended);
}
