// test/actors/gateway_reply_test.cpp: how an answer finds the cluster that asked.
#include "test/actors/link_world.hpp"

using namespace troupe;
using actors::loop_clock;
using test::virtual_link;
using enum test::peer_role;

namespace {

/// A server of cluster G1, whose id hashes to "mine00", with a gateway to G2 and a route.
struct super_cluster : test::link_world {
  super_cluster() {
    links.set_identity({"zvIETV", "mine00"});
    routes.serve(
        tables, 0, [this] { return begin + later; }, [this] { ++sweeps_begun; });
    away.to->hash = "ACfM4c";
    member.to->hash = "theirs";
  }
  ~super_cluster() {
    later = std::chrono::hours{1};
    routes.sweep();
  }
  void quiet() {
    flush();
    for (auto& each : all_links)
      each.take();
  }

  std::vector<actors::response_table> tables{1};
  const loop_clock::time_point begin = loop_clock::now(); // it stands still but for `later`
  loop_clock::duration later{0};
  size_t sweeps_begun = 0;
  virtual_link& away = link(gateway_out);
  virtual_link& from_there = link(gateway_in);
  virtual_link& member = link(route);
};

} // namespace

TEST_CASE("names are hashed as all servers hash them") {
  CHECK(actors::short_hash("G1") == "zvIETV");
  CHECK(actors::short_hash("G2") == "ACfM4c");
  CHECK(actors::short_hash("G1", 8).size() == 8);
}

TEST_CASE("a mapped subject names its cluster, its server and the rest") {
  auto mapped = actors::read_mapped("_GR_.ACfM4c.nXkSzL._INBOX.abc.1");
  REQUIRE(mapped);
  CHECK(mapped->cluster == "ACfM4c");
  CHECK(mapped->server == "nXkSzL");
  CHECK(mapped->rest == "_INBOX.abc.1");
  for (auto other : {"_GR_.ACfM4c.nXkSzL.", "_GR_.ACfM4c.nXkSzLL.x", "_GR_.short.x.y", "_GR_.", "a",
                     "_GR_.ACfM4cXnXkSzL.x"})
    CHECK(!actors::read_mapped(other));
}

TEST_CASE_FIXTURE(super_cluster, "a reply that somebody has just subscribed to is mapped") {
  auto& alice = join();
  wants(away, "svc");
  listen(alice, "inbox.*");
  quiet();
  say({"svc", "x", "inbox.1"}, &alice);
  CHECK(away.take() == "RMSG A svc _GR_.zvIETV.mine00.inbox.1 1\r\nx\r\n");
  say({"svc", "x", "other"}, &alice);
  CHECK(away.take() == "RMSG A svc other 1\r\nx\r\n");
  wants(member, "svc");
  say({"svc", "x", "inbox.1"}, &alice);
  CHECK(away.take() == "RMSG A svc _GR_.zvIETV.mine00.inbox.1 1\r\nx\r\n");
  CHECK(member.take() == "RMSG A svc inbox.1 1\r\nx\r\n");
  later = std::chrono::milliseconds{-500};
  say({"svc", "x", "inbox.1"}, &alice);
  CHECK_MESSAGE(away.take() == "RMSG A svc _GR_.zvIETV.mine00.inbox.1 1\r\nx\r\n",
                "the loop's clock stands still while it reads SUB and PUB");
  later = std::chrono::seconds{3};
  say({"svc", "x", "inbox.1"}, &alice);
  CHECK(away.take() == "RMSG A svc inbox.1 1\r\nx\r\n");
}

TEST_CASE_FIXTURE(super_cluster,
                  "who is asked by a mapped reply sees the plain one and answers it") {
  auto& bob = join();
  auto& carol = join();
  listen(bob, "svc");
  listen(carol, "inbox.1");
  wants(member, "inbox.1");
  quiet();
  CHECK(arrive(from_there, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
  CHECK(bob.take() == "MSG svc 1 inbox.1 1\r\nx\r\n");
  CHECK(sweeps_begun == 1);
  SUBCASE("his answer goes to the cluster that asked, and nowhere else") {
    CHECK(say({"inbox.1", "y"}, &bob) == 1);
    CHECK(away.take() == "RMSG A _GR_.ACfM4c.server.inbox.1 1\r\ny\r\n");
    CHECK(carol.take().empty());
    CHECK(member.take().empty());
  }
  SUBCASE("what others publish there goes where it always does") {
    CHECK(say({"inbox.1", "y"}, &carol) == 2);
    CHECK(away.take().empty());
    CHECK(member.take() == "RMSG A inbox.1 1\r\ny\r\n");
  }
  SUBCASE("who asks again under the same reply takes no more room, and is answered longer") {
    auto before = account->interests.size();
    for (int i = 0; i < 100; ++i)
      CHECK(arrive(from_there, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
    CHECK(account->interests.size() == before);
    later = std::chrono::seconds{1};
    CHECK(arrive(from_there, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
    bob.take();
    later = std::chrono::milliseconds{2500};
    routes.sweep();
    CHECK(say({"inbox.1", "y"}, &bob) == 1);
    CHECK(away.take() == "RMSG A _GR_.ACfM4c.server.inbox.1 1\r\ny\r\n");
    later = std::chrono::milliseconds{3500};
    routes.sweep();
    CHECK(account->interests.size() == before - 1);
    CHECK(say({"inbox.1", "y"}, &bob) == 2);
    CHECK(arrive(from_there, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
    bob.take();
    CHECK(say({"inbox.1", "y"}, &bob) == 1);
  }
  SUBCASE("after two seconds so does what he publishes") {
    later = std::chrono::seconds{3};
    routes.sweep();
    CHECK(account->interests.size() == 3);
    CHECK(say({"inbox.1", "y"}, &bob) == 2);
    CHECK(away.take().empty());
  }
}

TEST_CASE_FIXTURE(super_cluster, "a reply with wildcards leads nothing away that is for others") {
  auto& bob = join();
  auto& carol = join();
  listen(bob, "svc");
  listen(carol, "news");
  quiet();
  for (auto reply : {"_GR_.ACfM4c.server.>", "_GR_.ACfM4c.server.*"})
    CHECK(arrive(from_there, {"svc", "x", reply}) == 1);
  bob.take();
  CHECK(say({"news", "y"}, &bob) == 1);
  CHECK(carol.take() == "MSG news 1 1\r\ny\r\n");
  CHECK(away.take().empty());
}

TEST_CASE_FIXTURE(super_cluster,
                  "an answer that is for another server here is handed to it as it is") {
  quiet();
  CHECK(arrive(from_there, {"_GR_.zvIETV.theirs.inbox.1", "x"}) == 1);
  CHECK(member.take() == "RMSG A _GR_.zvIETV.theirs.inbox.1 1\r\nx\r\n");
  CHECK(arrive(from_there, {"_GR_.ACfM4c.theirs.inbox.1", "x"}) == 0);
  CHECK(member.take().empty());
}

TEST_CASE_FIXTURE(super_cluster, "an answer that is for this server reaches whoever waits for it") {
  auto& alice = join();
  auto& group = join();
  auto& leaf = link(leaf_down);
  listen(alice, "inbox.1");
  listen(group, "inbox.1", "q");
  wants(leaf, "inbox.*");
  wants(member, "inbox.1");
  quiet();
  for (auto* over : {&from_there, &member}) {
    CHECK(arrive(*over, {"_GR_.zvIETV.mine00.inbox.1", "x"}) >= 3);
    CHECK(alice.take() == "MSG inbox.1 1 1\r\nx\r\n");
    CHECK(group.take() == "MSG inbox.1 1 1\r\nx\r\n");
    CHECK(leaf.take() == "LMSG inbox.1 1\r\nx\r\n");
    CHECK(member.take() == (over == &member ? "" : "RMSG A inbox.1 1\r\nx\r\n"));
  }
}

TEST_CASE_FIXTURE(super_cluster, "what a leaf answers to a mapped reply leaves by the gateway") {
  auto& leaf = link(leaf_down);
  wants(leaf, "svc");
  quiet();
  CHECK(arrive(from_there, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
  CHECK(leaf.take() == "LMSG svc _GR_.ACfM4c.server.inbox.1 1\r\nx\r\n");
  CHECK(arrive(leaf, {"_GR_.ACfM4c.server.inbox.1", "y"}) == 1);
  CHECK(away.take() == "RMSG A _GR_.ACfM4c.server.inbox.1 1\r\ny\r\n");
}

TEST_CASE_FIXTURE(super_cluster, "a spoke answers its hub by the mapped reply") {
  links.set_identity({});
  auto& hub = link(leaf_up);
  auto& bob = join();
  listen(bob, "svc");
  quiet();
  CHECK(arrive(hub, {"svc", "x", "_GR_.ACfM4c.server.inbox.1"}) == 1);
  CHECK(bob.take() == "MSG svc 1 inbox.1 1\r\nx\r\n");
  CHECK(say({"inbox.1", "y"}, &bob) == 1);
  CHECK(hub.take() == "LMSG _GR_.ACfM4c.server.inbox.1 1\r\ny\r\n");
}

TEST_CASE_FIXTURE(super_cluster,
                  "of several routes to a server an account has one, for answers and interest") {
  auto& alice = join();
  auto& other = link(route);
  auto slot = protocol::slot_of_account("A", 2);
  member.to->hash = other.to->hash = "theirs";
  member.to->pool_size = other.to->pool_size = 2;
  member.to->pool_index = slot;
  other.to->pool_index = 1 - slot;
  CHECK(arrive(from_there, {"_GR_.zvIETV.theirs.inbox.1", "x"}) == 1);
  CHECK(member.take() == "RMSG A _GR_.zvIETV.theirs.inbox.1 1\r\nx\r\n");
  CHECK(other.take().empty());
  listen(alice, "foo");
  flush();
  CHECK(member.take() == "+foo\n");
  CHECK(other.take().empty());
  auto& alone = link(route);
  alone.to->hash = "theirs";
  alone.to->pinned = "A";
  alone.take();
  CHECK(arrive(from_there, {"_GR_.zvIETV.theirs.inbox.1", "x"}) == 1);
  CHECK_MESSAGE(alone.take() == "RMSG _GR_.zvIETV.theirs.inbox.1 1\r\nx\r\n", "nothing names it");
  CHECK(member.take().empty());
}
