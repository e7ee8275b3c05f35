// test/federation/peer_book_test.cpp: who is let into a cluster, and over which connection.
#include "federation/dialer.hpp"
#include "federation/peer_book.hpp"

#include <doctest/doctest.h>

using namespace troupe::federation;
using troupe::protocol::close_reason;
using verdict = peer_book::verdict;

namespace {

const peer_book::self me{"M", "m", "C1", false};

introduction peer(std::string id, uint64_t rid, bool solicited = false) {
  introduction out;
  out.rid = rid;
  out.solicited = solicited;
  out.ip = "127.0.0.1";
  out.info.server_name = "name of " + id;
  out.info.server_id = std::move(id);
  out.info.cluster = "C1";
  out.info.port = 6222;
  return out;
}

introduction troupe_peer(std::string id, uint64_t rid, bool solicited) {
  auto out = peer(std::move(id), rid, solicited);
  out.info.troupe = "0.1.0";
  return out;
}

} // namespace

TEST_CASE("a member comes in, and a connection to oneself does not") {
  peer_book book;
  CHECK(book.judge(peer("A", 1), me).what == verdict::admit);
  CHECK(book.judge(peer("A", 1), me).answer.admitted);
  auto mirror = book.judge(peer("M", 2, true), me);
  CHECK(mirror.what == verdict::refuse);
  CHECK(mirror.answer.reason == close_reason::route_to_self);
  CHECK(mirror.answer.error.empty());
}

TEST_CASE("other clusters hear where the members have gateways, but for those that go") {
  peer_book book;
  auto come = [&](const char* id, uint64_t rid, const char* url, bool goes) {
    auto who = peer(id, rid);
    who.info.gateway_url = url;
    who.info.ldm = goes;
    book.admit(who);
  };
  come("A", 1, "a:7222", false);
  come("B", 2, "b:7222", true);
  come("C", 3, "", false);
  auto others = book.fellows();
  CHECK(others.gateway_urls == std::vector<std::string>{"a:7222"});
  CHECK(others.server_names == std::vector<std::string>{"name of A", "name of B", "name of C"});
  book.remove(1);
  CHECK(book.fellows().gateway_urls.empty());
}

TEST_CASE("a server of another cluster is refused, with words only if it has dialled") {
  peer_book book;
  auto stranger = peer("A", 1);
  stranger.info.cluster = "C2";
  CHECK(book.judge(stranger, me).answer.error
        == "Rejecting connection, cluster name \"C2\" does not match \"C1\"");
  stranger.solicited = true;
  CHECK(book.judge(stranger, me).what == verdict::refuse);
  CHECK(book.judge(stranger, me).answer.error.empty());
  stranger.info.cluster.clear(); // says nothing about it
  CHECK(book.judge(stranger, me).what == verdict::admit);
}

TEST_CASE("a cluster's name that was made up gives way to one that was given, or is larger") {
  peer_book book;
  auto mine = me;
  mine.cluster_dynamic = true;
  auto other = peer("A", 1);
  other.info.cluster = "B1";
  CHECK(book.judge(other, mine).what == verdict::adopt);
  CHECK(book.judge(other, mine).cluster == "B1");
  other.info.cluster_dynamic = true; // B1 < C1: it has to follow
  CHECK(book.judge(other, mine).what == verdict::refuse);
  other.info.cluster = "D1";
  CHECK(book.judge(other, mine).what == verdict::adopt);
  CHECK(book.judge(other, me).what == verdict::refuse);
}

TEST_CASE("a second server with our name is refused, unless we dialled it") {
  peer_book book;
  auto twin = peer("A", 1);
  twin.info.server_name = "m";
  CHECK(book.judge(twin, me).answer.reason == close_reason::duplicate_server_name);
  twin.solicited = true;
  CHECK(book.judge(twin, me).what == verdict::admit);
}

TEST_CASE("who comes has to know the password, whoever was dialled has none to show") {
  terms open, guarded;
  guarded.user = "mesh";
  guarded.password = "word";
  auto who = peer("A", 1);
  CHECK_FALSE(judge_login(who, open));
  REQUIRE(judge_login(who, guarded));
  CHECK(judge_login(who, guarded)->error == "Authorization Violation");
  who.user = "mesh";
  who.password = "other";
  CHECK(judge_login(who, guarded));
  who.password = "word";
  CHECK_FALSE(judge_login(who, guarded));
  CHECK_FALSE(judge_login(peer("A", 1, true), guarded));
}

TEST_CASE("a second connection to one nats-server is kept idle, until the first one ends") {
  peer_book book;
  book.admit(peer("A", 1));
  auto second = peer("A", 2, true);
  CHECK(book.judge(second, me).what == verdict::wait);
  CHECK(book.judge(second, me).other == 1);
  book.remove(1);
  CHECK(book.judge(second, me).what == verdict::admit);
}

TEST_CASE("two that dial each other at once keep the same connection, whichever came first") {
  const peer_book::self smaller{"A", "a", "C1", false};
  const peer_book::self larger{"B", "b", "C1", false};
  for (bool first_is_of_smaller : {true, false}) {
    peer_book of_smaller, of_larger;
    // The connection that the smaller one dialled has rid 1 at both ends, the other has 2.
    auto at_smaller = [](uint64_t rid) { return troupe_peer("B", rid, rid == 1); };
    auto at_larger = [](uint64_t rid) { return troupe_peer("A", rid, rid == 2); };
    uint64_t first = first_is_of_smaller ? 1 : 2;
    uint64_t second = 3 - first;
    of_smaller.admit(at_smaller(first));
    of_larger.admit(at_larger(first));
    auto expected = second == 1 ? verdict::replace : verdict::refuse;
    CHECK(of_smaller.judge(at_smaller(second), smaller).what == expected);
    CHECK(of_larger.judge(at_larger(second), larger).what == expected);
  }
}

TEST_CASE("a connection that both ends have taken is not replaced by a later one") {
  for (bool first_is_ours : {true, false}) {
    peer_book book;
    book.admit(troupe_peer("B", 1, first_is_ours));
    book.take(1);
    auto later = book.judge(troupe_peer("B", 2, !first_is_ours), {"A", "a", "C1", false});
    CHECK(later.what == verdict::wait);
    CHECK(later.other == 1);
  }
}

TEST_CASE("clients are told of every member's URLs once, but not of those that are about to go") {
  peer_book book;
  auto a = peer("A", 1);
  a.info.connect_urls = {"a:4222", "shared:4222"};
  auto b = peer("B", 2);
  b.info.connect_urls = {"shared:4222", "b:4222"};
  book.admit(a);
  book.admit(b);
  CHECK(book.connect_urls() == std::vector<std::string>{"a:4222", "shared:4222", "b:4222"});
  auto leaving = b.info;
  leaving.ldm = true;
  book.update(2, leaving);
  CHECK(book.connect_urls() == std::vector<std::string>{"a:4222", "shared:4222"});
}

TEST_CASE("no member has more than 64 URLs, whatever it says") {
  peer_book book;
  auto who = peer("A", 1);
  for (int i = 0; i < 20'000; ++i)
    who.info.connect_urls.push_back("h:" + std::to_string(i));
  who.info.leafnode_urls = who.info.connect_urls;
  book.admit(who);
  CHECK(book.connect_urls().size() == 64);
  CHECK(book.leafnode_urls().size() == 64);
  book.update(1, who.info);
  CHECK(as_gossip(*book.find(1)).connect_urls.size() == 64);
}

TEST_CASE("gossip names where a member was seen, unless it advertises another place") {
  peer_book book;
  auto a = peer("A", 1);
  a.info.nonce = "secret";
  book.admit(a);
  CHECK(as_gossip(*book.find(1)).ip == "nats-route://127.0.0.1:6222/");
  CHECK(as_gossip(*book.find(1)).nonce.empty());
  a.info.ip = "nats-route://elsewhere:1/";
  book.admit(a);
  CHECK(as_gossip(*book.find(1)).ip == "nats-route://elsewhere:1/");
}

TEST_CASE("a member is dialled where gossip says, and nowhere else") {
  std::string host;
  uint16_t port = 0;
  CHECK(split_url("nats-route://user:word@a.example:6222/", host, port));
  CHECK(host == "a.example");
  CHECK(port == 6222);
  CHECK(split_url("[::1]:7", host, port));
  CHECK(host == "::1");
  for (const auto* bad : {"", "host", ":6222", "host:0", "host:65536", "host:6x", "nats-route://"})
    CHECK_FALSE(split_url(bad, host, port));
  troupe::protocol::link_info info;
  CHECK_FALSE(address_of(info, host, port));
  info.host = "b";
  info.port = 70000;
  CHECK_FALSE(address_of(info, host, port));
  info.port = 6223;
  CHECK(address_of(info, host, port));
  CHECK(host == "b");
}

TEST_CASE("failed attempts are a second apart, or ever longer up to half a minute") {
  using std::chrono::seconds;
  CHECK(pause_after(1, false) >= seconds{1});
  CHECK(pause_after(50, false) < seconds{2});
  CHECK(pause_after(1, true) < seconds{2});
  CHECK(pause_after(4, true) >= seconds{8});
  CHECK(pause_after(100, true) < seconds{31});
}
