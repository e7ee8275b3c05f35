// test/federation/leaf_streams_test.cpp: what leaf nodes hear of the streams of other accounts.
#include "actors/account_registry.hpp"
#include "federation/leaf_streams.hpp"
#include "test/actors/crossing_world.hpp"
#include "test/actors/link_world.hpp"

#include <algorithm>

using namespace troupe;
using enum test::peer_role;
using security::share_kind;

namespace {

security::import_rule stream_of_b(std::string subject, std::string local) {
  return test::takes(share_kind::stream, "B", std::move(subject), std::move(local));
}

/// Leaf nodes of account A, which takes the streams of B.
struct stream_world : test::link_world {
  struct leaf {
    test::virtual_link& link;
    std::unique_ptr<federation::leaf_streams> streams;
    std::string take() { return link.take(); }
  };

  stream_world() { import({stream_of_b("str.>", "imp.str.>")}); }
  ~stream_world() { leafs.clear(); }

  void import(std::vector<security::import_rule> imports) {
    auto problems =
        registry.apply({test::rules_of("B", {test::offers(share_kind::stream, "str.>"),
                                             test::offers(share_kind::stream, "other.*"),
                                             test::offers(share_kind::stream, ">"),
                                             test::offers(share_kind::service, "str.svc")}),
                        test::rules_of("A", {}, std::move(imports))});
    REQUIRE(problems.empty());
    routes.forget(*at("A"));
    routes.forget(*at("B"));
    for (auto& each : leafs)
      each.streams->follow(at("A")->policy(), *at("A"), *each.link.wants);
  }
  actors::account_ptr at(std::string_view name) { return registry.named(name); }

  leaf& join_leaf(std::string cluster = "L1", test::peer_role role = leaf_down) {
    account = at("A");
    auto& out = leafs.emplace_back(leaf{link(role, {.cluster = std::move(cluster)}), {}});
    out.streams = std::make_unique<federation::leaf_streams>(out.link.to, routes.news());
    out.streams->follow(account->policy(), *account, *out.link.wants);
    return out;
  }
  /// The leaf node says LS+.
  void hear(leaf& who, std::string_view subject, std::string_view queue = {}, uint32_t weight = 1) {
    account = at("A");
    wants(who.link, subject, queue, weight);
    who.streams->put(*who.link.wants->find(*account, {{}, subject, queue}));
    quiet();
  }
  void hear_no_more(leaf& who, std::string_view subject, std::string_view queue = {}) {
    account = at("A");
    who.streams->drop(*who.link.wants->find(*account, {{}, subject, queue}));
    wants_no_more(who.link, subject, queue);
    flush();
  }
  void quiet() {
    flush();
    for (auto& each : leafs)
      each.take();
  }
  size_t say_in_b(const test::sent& what) {
    account = at("B");
    return say(what);
  }
  size_t wanted_of_b(std::string_view subject) {
    return at("B")->interests.match(subject)->fanout();
  }

  actors::account_registry registry{1, "$SYS", {}, {}, &links};
  std::deque<leaf> leafs;
};

} // namespace

TEST_CASE_FIXTURE(stream_world, "a leaf node's wish is one of the exporter, as far as it goes") {
  auto& one = join_leaf();
  hear(one, "imp.str.a.*");
  hear(one, "*.*.*.b");
  hear(one, "elsewhere.>");
  hear(one, "$LDS.abc");
  CHECK(wanted_of_b("str.a.x") == 1);
  CHECK(wanted_of_b("str.a.b") == 2);
  CHECK(wanted_of_b("str.c") == 0);
  CHECK(wanted_of_b("elsewhere.x") == 0);
  CHECK(one.streams->size() == 2);
  hear_no_more(one, "*.*.*.b");
  CHECK(wanted_of_b("str.a.b") == 1);
  hear_no_more(one, "imp.str.a.*");
  CHECK(wanted_of_b("str.a.x") == 0);
  CHECK(one.streams->size() == 0);
}

TEST_CASE_FIXTURE(stream_world, "what links live by is nobody's stream") {
  import({stream_of_b(">", ">")});
  auto& one = join_leaf();
  for (auto* each : {"$LDS.abc", "_GR_.>", "$GR.>"})
    hear(one, each);
  CHECK(one.streams->size() == 0);
}

TEST_CASE_FIXTURE(stream_world,
                  "a stream goes over a leaf node's link once, under its name there") {
  auto& one = join_leaf();
  hear(one, "imp.str.a");
  hear(one, "imp.>");
  CHECK(say_in_b({"str.a", "x"}) == 1);
  CHECK(one.take() == "LMSG imp.str.a 1\r\nx\r\n");
  account = at("B"); // three in one batch: its line is known the second time
  publish({"str.a", "1"});
  publish({"str.a", "2"});
  publish({"str.b", "3"});
  flush();
  CHECK(one.take()
        == "LMSG imp.str.a 1\r\n1\r\nLMSG imp.str.a 1\r\n2\r\nLMSG imp.str.b 1\r\n3\r\n");
  say_in_b({"str.a", "x", "r", "NATS/1.0\r\nA: b\r\n\r\n"});
  CHECK(one.take() == "HMSG imp.str.a r 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n");
  CHECK(say_in_b({"other.a", "x"}) == 0);
  CHECK(one.take().empty());
}

TEST_CASE_FIXTURE(stream_world, "of two imports a leaf node hears what a client would: each name") {
  import({stream_of_b("str.>", "imp.str.>"), stream_of_b("str.*", "too.*")});
  auto& one = join_leaf();
  hear(one, ">");
  CHECK(say_in_b({"str.a", "x"}) == 2);
  auto heard = one.take();
  CHECK(heard.size() == 2 * std::string_view{"LMSG too.a 1\r\nx\r\n"}.size() + 4);
  CHECK(heard.find("LMSG imp.str.a 1\r\nx\r\n") != heard.npos);
  CHECK(heard.find("LMSG too.a 1\r\nx\r\n") != heard.npos);
  // Where both have one name, it gets one.
  import({stream_of_b("str.>", "imp.>"), stream_of_b("str.*", "imp.*")});
  CHECK(say_in_b({"str.a", "x"}) == 1);
  CHECK(one.take() == "LMSG imp.a 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(stream_world,
                  "queue groups of a leaf node serve a stream as those of clients do") {
  auto& one = join_leaf("L1");
  auto& other = join_leaf("L2");
  hear(one, "imp.str.a", "q", 3);
  hear(other, "imp.str.a", "q");
  hear(other, "imp.str.>");
  size_t first = 0, second = 0;
  for (int i = 0; i < 200; ++i) {
    CHECK(say_in_b({"str.a", "x"}) == 2);
    auto rest = other.take();
    first += one.take() == "LMSG imp.str.a | q 1\r\nx\r\n" ? size_t{1} : size_t{0};
    second += rest == "LMSG imp.str.a | q 1\r\nx\r\n" ? size_t{1} : size_t{0};
    CHECK((rest == "LMSG imp.str.a 1\r\nx\r\n" || rest == "LMSG imp.str.a | q 1\r\nx\r\n"));
  }
  CHECK(first + second == 200);
  CHECK(first > second);
  // Whoever listens here is nearer.
  account = at("B");
  auto& here = join();
  auto member = listen(here, "str.a", "q");
  say_in_b({"str.a", "x"});
  CHECK(one.take().empty());
  CHECK(here.take() == "MSG str.a 1 1\r\nx\r\n");
  account = at("B");
  at("B")->drop_interest(*member, routes.news());
  hear(one, "imp.str.a", "q", 7);   // in place of what it was
  CHECK(wanted_of_b("str.a") == 2); // a plain one, and the group
  CHECK(one.streams->size() == 1);
}

TEST_CASE_FIXTURE(stream_world, "others hear of a leaf node's streams as of its wishes in B") {
  auto& one = join_leaf();
  account = at("B");
  auto& member = link(route);
  auto& sibling = link(leaf_down, {.cluster = "L1"});
  auto& stranger = link(leaf_down, {.cluster = "L2"});
  auto& hub = link(leaf_up, {.cluster = "H"});
  auto& isolated = link(leaf_down, {.cluster = "L3"});
  isolated.to->isolated = true;
  quiet();
  for (auto* each : {&member, &sibling, &stranger, &hub, &isolated})
    each->take();
  hear(one, "imp.str.a");
  CHECK(member.take() == "+(L1) imp.str.a\n+(L1) str.a\n"); // in A, and in B
  CHECK(sibling.take().empty());
  CHECK(stranger.take() == "+str.a\n");
  CHECK(hub.take() == "+str.a\n");
  CHECK(isolated.take().empty());
  hear_no_more(one, "imp.str.a");
  CHECK(member.take() == "-(L1) str.a\n-(L1) imp.str.a\n");
  CHECK(stranger.take() == "-str.a\n");
  CHECK(hub.take() == "-str.a\n");
}

TEST_CASE_FIXTURE(stream_world,
                  "what a hub wants of a stream here is told to our leaf nodes alone") {
  auto& hub = join_leaf("H", leaf_up);
  account = at("B");
  auto& member = link(route);
  auto& down = link(leaf_down, {.cluster = "L2"});
  auto& other_hub = link(leaf_up, {.cluster = "H2"});
  quiet();
  for (auto* each : {&member, &down, &other_hub})
    each->take();
  hear(hub, "imp.str.a");
  CHECK(member.take().empty());
  CHECK(other_hub.take().empty());
  CHECK(down.take() == "+str.a\n");
  say_in_b({"str.a", "x"});
  CHECK(hub.take() == "LMSG imp.str.a 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(stream_world, "no stream goes back to the leaf cluster that it came from") {
  auto& one = join_leaf("L1");
  auto& other = join_leaf("L2");
  hear(one, "imp.str.a");
  hear(other, "imp.str.a");
  account = at("B");
  auto& in_b = link(leaf_down, {.cluster = "L1"});
  auto& member = link(route);
  account = at("B");
  CHECK(arrive(in_b, {"str.a", "x"}) == 1);
  CHECK(one.take().empty());
  CHECK(other.take() == "LMSG imp.str.a 1\r\nx\r\n");
  account = at("B");
  CHECK(arrive(member, {"str.a", "x"}, {}, "L1") == 1);
  CHECK(one.take().empty());
  CHECK(other.take() == "LMSG imp.str.a 1\r\nx\r\n");
  account = at("B");
  CHECK(arrive(member, {"str.a", "x"}) == 2);
  CHECK(one.take() == "LMSG imp.str.a 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(stream_world, "permissions of a leaf node are about the names that it knows") {
  auto& one = join_leaf();
  security::permission_rules rules;
  rules.publish.allow = {"imp.>"};
  rules.publish.deny = {"imp.str.no"};
  one.link.to->sends = protocol::make_ref<const security::permissions>(std::move(rules));
  hear(one, "imp.str.*");
  CHECK(say_in_b({"str.yes", "x"}) == 1);
  CHECK(one.take() == "LMSG imp.str.yes 1\r\nx\r\n");
  CHECK(say_in_b({"str.no", "x"}) == 0);
  CHECK(one.take().empty());
}

TEST_CASE_FIXTURE(stream_world, "what is asked of a service goes to no leaf node as a stream") {
  auto& one = join_leaf();
  hear(one, "imp.str.>");
  account = at("B");
  auto& server = join();
  auto serving = listen(server, "str.svc");
  auto pub = lay({"str.svc", "x"});
  auto known = routes.memory_of(*account).find("str.svc", *account);
  actors::routed_message request{pub, read.get(), nullptr, own};
  request.came = actors::passage::request;
  CHECK(routes.deliver(*account, *known, request) == 1);
  flush();
  CHECK(one.take().empty());
  CHECK(server.take() == "MSG str.svc 1 1\r\nx\r\n");
  at("B")->drop_interest(*serving, routes.news());
}

TEST_CASE_FIXTURE(stream_world,
                  "streams come and go with the account's imports, and with the link") {
  auto& one = join_leaf();
  hear(one, ">");
  hear(one, "imp.str.a", "q");
  CHECK(wanted_of_b("str.a") == 2);
  import({stream_of_b("str.>", "imp.str.>"), stream_of_b("other.*", "also.*")});
  CHECK(wanted_of_b("str.a") == 2);
  CHECK(wanted_of_b("other.x") == 1);
  flush();
  one.take();
  say_in_b({"other.x", "x"});
  CHECK(one.take() == "LMSG also.x 1\r\nx\r\n");
  import({stream_of_b("other.*", "also.*")});
  CHECK(wanted_of_b("str.a") == 0);
  CHECK(wanted_of_b("other.x") == 1);
  import({});
  CHECK(wanted_of_b("other.x") == 0);
  CHECK(one.streams->idle());
  import({stream_of_b("str.>", "imp.str.>")});
  CHECK(wanted_of_b("str.a") == 2);
  one.streams.reset();
  CHECK(wanted_of_b("str.a") == 0);
}
