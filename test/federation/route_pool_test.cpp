// test/federation/route_pool_test.cpp: several routes to one server, and routes of one account.
#include "test/federation/route_world.hpp"

#include "federation/peer_book.hpp"

using namespace troupe;
using namespace troupe::test;
using verdict = peer_book::verdict;

namespace {

const peer_book::self me{"M", "m", "C1", false, 3, {"PIN", "SYS"}};

introduction pooling(std::string id, uint64_t rid, bool solicited, int64_t size = 3) {
  introduction out;
  out.rid = rid;
  out.solicited = solicited;
  out.ip = "127.0.0.1";
  out.info.server_name = "name of " + id;
  out.info.server_id = std::move(id);
  out.info.cluster = "C1";
  out.info.route_pool_size = size;
  return out;
}

introduction at_slot(std::string id, uint64_t rid, int64_t slot) {
  auto out = pooling(std::move(id), rid, false);
  out.info.route_pool_idx = slot;
  return out;
}

introduction of_account(std::string id, uint64_t rid, std::string account) {
  auto out = pooling(std::move(id), rid, false);
  out.info.route_account = std::move(account);
  return out;
}

/// Dials until nothing is left to dial; what each connection was there for.
std::string dial_all(peer_book& book, const peer_book::self& mine, int64_t its_size,
                     const std::string& version = "") {
  std::string out;
  for (auto rid = 100 + book.all().size(); !book.complete("P", mine) && rid < 200; ++rid) {
    auto who = pooling("P", rid, true, its_size);
    who.info.troupe = version;
    auto what = book.judge(who, mine);
    REQUIRE(what.what == verdict::admit);
    const auto& place = what.answer.place;
    out += place.has_slot() ? std::to_string(place.slot) + "/" + std::to_string(place.slots)
                            : place.account;
    out += ' ';
    book.admit(who, place);
  }
  return out;
}

terms_ptr terms_with_pool(std::vector<std::string> pinned = {"$SYS"}) {
  auto out = std::make_shared<terms>(*terms_of_us());
  out->info.route_pool_size = 3;
  out->pinned = std::move(pinned);
  return out;
}

pool_place slot(uint32_t index) {
  return {3, index, "", true};
}

/// A peer with a pool of three has come in to one place.
struct pooled_world : session_world {
  explicit pooled_world(const pool_place& place, std::vector<std::string> pinned = {"$SYS"},
                        std::vector<std::string> elsewhere = {})
      : session_world{false, terms_with_pool(std::move(pinned))} {
    hear("CONNECT {\"cluster\":\"C1\"}\r\nINFO {\"server_id\":\"P\",\"cluster\":\"C1\",\"headers\""
         ":true,\"lnoc\":true,\"lnocu\":true,\"route_pool_size\":3}\r\n");
    settle(place, std::move(elsewhere));
  }
};

std::string between(const std::string& text, const std::string& begin, char end) {
  auto at = text.find(begin);
  return at == text.npos ? ""
                         : text.substr(at + begin.size(),
                                       text.find(end, at + begin.size()) - at - begin.size());
}

} // namespace

TEST_CASE("an account has the slot that nats-server gives it") {
  CHECK(protocol::slot_of_account("ACC1", 3) == 2);
  CHECK(protocol::slot_of_account("ACC2", 3) == 2);
  CHECK(protocol::slot_of_account("SYS", 3) == 0);
  CHECK(protocol::slot_of_account("$G", 3) == 2);
  CHECK(protocol::slot_of_account("$SYS", 3) == 0);
  CHECK(protocol::slot_of_account("$G", 1) == 0);
  CHECK(protocol::slot_of_account("$G", 0) == 0);
}

TEST_CASE("a server is dialled until each slot and each pinned account has its connection") {
  peer_book same, larger, smaller, troupe, older, declined;
  CHECK(dial_all(same, me, 3) == "0/3 1/3 2/3 PIN SYS ");
  CHECK_MESSAGE(dial_all(larger, me, 5) == "0/5 1/5 2/5 3/5 4/5 PIN SYS ", "the larger number");
  CHECK_MESSAGE(dial_all(smaller, me, 2) == "0/2 1/2 2/2 PIN SYS ",
                "nats-server divides by its own number, so we do");
  CHECK_MESSAGE(dial_all(troupe, me, 2, "0.1.0") == "0/3 1/3 2/3 PIN SYS ",
                "two of us divide by the larger one");
  CHECK(dial_all(older, me, 0) == "0/1 ");
  CHECK(dial_all(declined, {"M", "m", "C1", false}, 3) == "0/1 ");
}

TEST_CASE("what a dialler wants is refused with a reason if it cannot be") {
  peer_book book;
  auto error = [&](const introduction& who, const peer_book::self& mine = me) {
    auto what = book.judge(who, mine);
    CHECK(what.what == verdict::refuse);
    CHECK(what.answer.error == what.answer.because);
    return what.answer.error;
  };
  CHECK(error(at_slot("P", 1, 3)) == "Invalid route pool index: 3 - pool size is 3");
  CHECK(error(at_slot("P", 1, -1)) == "Invalid route pool index: -1 - pool size is 3");
  CHECK(error(of_account("P", 1, "OTHER")) == "No route for account \"OTHER\"");
  CHECK(error(pooling("P", 1, false, 1'000'000)).starts_with("Invalid route pool size"));
  auto answered = pooling("P", 1, true);
  answered.info.route_pool_idx = 1;
  CHECK(error(answered) == "Route pool index should not be set but is set to 1");
  auto refused = "Not possible to have a dedicated route for account \"SYS\" between those servers";
  auto older = of_account("P", 1, "SYS");
  older.info.route_pool_size = 0;
  CHECK(error(older) == refused);
  CHECK(error(of_account("P", 1, "SYS"), {"M", "m", "C1", false}) == refused);
  CHECK_FALSE(book.judge(older, me).answer.loudly);
}

TEST_CASE("a slot is taken once, and others are free") {
  peer_book book;
  book.admit(at_slot("P", 1, 0), slot(0));
  CHECK(book.judge(at_slot("P", 2, 0), me).what == verdict::wait);
  CHECK(book.judge(at_slot("P", 2, 1), me).what == verdict::admit);
  CHECK(book.judge(at_slot("Q", 2, 0), me).what == verdict::admit);
  auto account = book.judge(of_account("P", 2, "SYS"), me);
  REQUIRE(account.what == verdict::admit);
  book.admit(of_account("P", 2, "SYS"), account.answer.place);
  CHECK(book.judge(of_account("P", 3, "SYS"), me).other == 2);
  CHECK(book.judge(of_account("P", 3, "PIN"), me).what == verdict::admit);
  book.remove(1);
  CHECK(book.judge(at_slot("P", 4, 0), me).what == verdict::admit);
  CHECK(book.with_id("P"));
  CHECK_MESSAGE(!book.main_link("P"), "a route of one account says nothing of the server");
}

TEST_CASE("two of us that dial each other's slot at once keep the same connection") {
  const peer_book::self smaller{"A", "a", "C1", false, 3, {}};
  const peer_book::self larger{"B", "b", "C1", false, 3, {}};
  auto with = [](introduction who, bool solicited) {
    who.info.troupe = "0.1.0";
    who.solicited = solicited;
    return who;
  };
  peer_book of_smaller, of_larger;
  // Each has dialled slot 1 (rid 1 of the smaller one, rid 2 of the larger one), and let it in.
  of_smaller.admit(with(at_slot("B", 1, 1), true), slot(1));
  of_larger.admit(with(at_slot("A", 2, 1), true), slot(1));
  CHECK(of_smaller.judge(with(at_slot("B", 2, 1), false), smaller).what == verdict::refuse);
  CHECK(of_larger.judge(with(at_slot("A", 1, 1), false), larger).what == verdict::replace);
}

TEST_CASE("what a server says of itself over one of its connections holds for all") {
  peer_book book;
  book.admit(at_slot("P", 1, 0), slot(0));
  book.admit(at_slot("P", 2, 1), slot(1));
  auto leaving = at_slot("P", 1, 0).info;
  leaving.connect_urls = {"p:4222"};
  book.update(1, leaving);
  CHECK(book.connect_urls() == std::vector<std::string>{"p:4222"});
  leaving.ldm = true;
  book.update(2, leaving);
  CHECK(book.connect_urls().empty());
}

TEST_CASE("an account that the peer alone has pinned is taken until its last connection ends") {
  peer_book book;
  book.admit(at_slot("P", 1, 0), slot(0));
  CHECK(book.judge(of_account("P", 2, "NEW"), me).what == verdict::refuse);
  book.pin("P", "NEW");
  auto what = book.judge(of_account("P", 2, "NEW"), me);
  REQUIRE(what.what == verdict::admit);
  book.admit(of_account("P", 2, "NEW"), what.answer.place);
  CHECK(book.elsewhere("P", me) == std::vector<std::string>{"NEW"});
  CHECK(book.judge(of_account("Q", 3, "NEW"), me).what == verdict::refuse);
  book.remove(2);
  CHECK(book.judge(of_account("P", 2, "NEW"), me).what == verdict::admit);
  book.remove(1);
  CHECK(book.judge(of_account("P", 2, "NEW"), me).what == verdict::refuse);
}

TEST_CASE("an account that was refused is not dialled for while it is held") {
  peer_book book;
  book.admit(at_slot("P", 1, 0), slot(0));
  book.hold("P", "PIN");
  CHECK(dial_all(book, me, 3) == "1/3 2/3 SYS ");
  book.unhold("P", "PIN");
  CHECK_FALSE(book.complete("P", me));
  CHECK(dial_all(book, me, 3) == "PIN ");
}

TEST_CASE("gossip about the route of one account names it") {
  peer_book book;
  book.admit(of_account("P", 1, "SYS"), {3, 0, "SYS", true});
  book.admit(at_slot("P", 2, 1), slot(1));
  CHECK(as_gossip(*book.find(1)).route_account == "SYS");
  auto plain = as_gossip(*book.find(2));
  CHECK(plain.route_account.empty());
  CHECK(plain.route_pool_idx == 0);
}

TEST_CASE("who dials says which slot, or which account, the connection is for") {
  session_world first{true, terms_with_pool()};
  first.hear("INFO {\"server_id\":\"P\",\"cluster\":\"C1\",\"route_pool_size\":3}\r\n");
  first.settle(slot(2));
  CHECK(first.first_words.find("\"route_pool_size\":3,\"route_pool_idx\":2") != std::string::npos);
  CHECK(first.first_words.find("route_account") == std::string::npos);
  session_world second{true, terms_with_pool()};
  second.hear("INFO {\"server_id\":\"P\",\"cluster\":\"C1\",\"route_pool_size\":3}\r\n");
  second.settle({3, 0, "$SYS", true});
  CHECK(second.first_words.find("\"route_account\":\"$SYS\"") != std::string::npos);
  session_world accepting{false, terms_with_pool()};
  CHECK(accepting.greeting.find("\"route_pool_size\":3") != std::string::npos);
}

TEST_CASE("each slot tells of its accounts only, and hears of all") {
  pooled_world first{slot(0)};
  pooled_world third{slot(2)};
  for (auto* world : {&first, &third}) {
    const auto& global = world->accounts.global; // slot 2 of 3
    auto foo = world->subscribe(global, "foo");
    CHECK(world->told(global, foo) == (world == &third ? "RS+ $G foo\r\n" : ""));
    world->hear("RS+ $G bar\r\nRS+ $SYS bar\r\n");
    CHECK(world->wanted(global, "bar") == 1);
    CHECK(world->wanted(world->accounts.find("$SYS"), "bar") == 1);
    CHECK(world->dest->concerns(*global) == (world == &third));
  }
}

TEST_CASE("a pinned account is told of over its own route, where nothing names it") {
  pooled_world shared{slot(0)};
  pooled_world own{{3, 0, "$SYS", true}};
  auto system = own.accounts.find("$SYS");
  auto foo = own.subscribe(system, "foo", "q");
  CHECK(own.told(system, foo) == "RS+ foo q 1\r\n");
  auto other = own.subscribe(own.accounts.global, "foo");
  CHECK(own.told(own.accounts.global, other).empty());
  own.hear("RS+ bar\r\nLS+ L1 bar q 2\r\nRMSG bar 2\r\nhi\r\n");
  CHECK_FALSE(own.host.ended);
  CHECK(own.wanted(system, "bar") == 2);
  CHECK(own.wanted(own.accounts.global, "bar") == 0);
  CHECK(own.session.in_messages == 1);
  auto here = shared.accounts.find("$SYS");
  auto baz = shared.subscribe(here, "baz");
  CHECK(shared.told(here, baz).empty());
  CHECK_FALSE(own.dest->names_account());
  CHECK(shared.dest->names_account());
}

TEST_CASE("an account that the peer gives a route of its own leaves the slot, and comes back") {
  pooled_world world{slot(2)};
  const auto& global = world.accounts.global;
  auto foo = world.subscribe(global, "foo");
  CHECK(world.told(global, foo) == "RS+ $G foo\r\n");
  world.hear("RS+ $G bar\r\n");
  world.hear("INFO {\"server_id\":\"\",\"route_pool_size\":3,\"route_account\":\"$G\","
             "\"route_acc_add_reqid\":\"x1\"}\r\nRS+ $G late\r\n");
  auto said = world.host.take();
  CHECK(said.starts_with("RS- $G foo\r\nINFO {"));
  CHECK(said.find("\"route_acc_add_reqid\":\"x1\"") != std::string::npos);
  CHECK(said.find("route_account") == std::string::npos);
  REQUIRE(world.host.news.size() == 1);
  CHECK(world.host.news[0].pinned == "$G");
  CHECK(world.wanted(global, "bar") == 0);
  CHECK_MESSAGE(world.wanted(global, "late") == 0, "it would come twice");
  auto next = world.subscribe(global, "next");
  CHECK(world.told(global, next).empty());
  SUBCASE("its route came, and what was said too late is forgotten") {
    world.session.pin("$G", true);
    world.session.pin("$G", false);
    world.tell_all();
    CHECK(world.wanted(global, "late") == 0);
  }
  SUBCASE("its route never came") {
    world.session.pin("$G", false);
    world.tell_all();
    CHECK(world.wanted(global, "late") == 1);
  }
  auto again = world.host.take();
  CHECK(again.find("RS+ $G foo\r\n") != std::string::npos);
  CHECK(again.find("RS+ $G next\r\n") != std::string::npos);
}

TEST_CASE("a reload moves an account to a route of its own, and back") {
  pooled_world world{slot(2)};
  const auto& global = world.accounts.global;
  auto foo = world.subscribe(global, "foo");
  world.told(global, foo);
  world.hear("RS+ $G bar\r\n");
  world.session.apply(terms_with_pool({"$G", "$SYS"}));
  auto said = world.host.take();
  CHECK(said.starts_with("RS- $G foo\r\nINFO {"));
  CHECK(said.find("\"route_pool_size\":3,\"route_account\":\"$G\"") != std::string::npos);
  CHECK(world.wanted(global, "bar") == 0);
  auto request = between(said, "\"route_acc_add_reqid\":\"", '"');
  REQUIRE_FALSE(request.empty());
  world.hear("INFO {\"route_acc_add_reqid\":\"other\"}\r\n");
  CHECK(world.host.news.empty());
  world.hear("INFO {\"route_acc_add_reqid\":\"" + request + "\"}\r\n");
  REQUIRE(world.host.news.size() == 1);
  CHECK(world.host.news[0].pinned == "$G");
  world.session.apply(terms_with_pool());
  world.tell_all();
  CHECK(world.host.take() == "RS+ $G foo\r\n");
  world.hear("RS+ $G bar\r\n");
  CHECK(world.wanted(global, "bar") == 1);
}

TEST_CASE("a slot that comes late knows which accounts have a route already") {
  pooled_world world{slot(2), {"$SYS"}, {"$G"}};
  const auto& global = world.accounts.global;
  auto foo = world.subscribe(global, "foo");
  CHECK(world.told(global, foo).empty());
}

TEST_CASE("what a server says later does not change how many routes it has") {
  for (int64_t size : {int64_t{0}, int64_t{1} << 60}) {
    peer_book book;
    dial_all(book, me, 3);
    auto later = book.all().begin()->second.info;
    later.route_pool_size = size;
    book.update(book.all().begin()->first, later);
    CHECK(book.complete("P", me));
    book.remove(book.main_link("P")->rid);
    CHECK_FALSE(book.complete("P", me));
  }
}

TEST_CASE("when the slot ends over which a server hears of others, the next one takes over") {
  peer_book book;
  for (uint32_t index : {0u, 1u, 2u})
    book.admit(at_slot("P", index + 1, index), slot(index));
  book.admit(of_account("P", 4, "SYS"), {3, 0, "SYS", true});
  book.admit(at_slot("Q", 5, 0), slot(0));
  auto others = book.gossip_for("P");
  REQUIRE(others.size() == 1);
  CHECK(others[0].find("\"server_id\":\"Q\"") != std::string::npos);
  CHECK_MESSAGE(book.remove(2) == 0, "another one speaks for the server");
  CHECK(book.remove(1) == 3);
  CHECK(book.remove(3) == 0);
  CHECK_MESSAGE(book.with_id("P"), "over the route of one account nothing is said of others");
}
