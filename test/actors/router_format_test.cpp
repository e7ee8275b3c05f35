// test/actors/router_format_test.cpp: the bytes that a delivery is made of.
#include "test/actors/router_world.hpp"

#include <random>

using namespace troupe;
using test::as_heard;
using test::peer;
using test::router_world;
using test::sent;
using namespace std::string_literals;

TEST_CASE_FIXTURE(router_world, "a message is MSG, subject, sid, reply if there is one, and size") {
  auto& alice = join();
  subscribe(alice, "orders.*", "17");
  publish({"orders.new", "hello"});
  publish({"orders.new", ""});
  publish({"orders.new", "hello", "_INBOX.1"});
  flush();
  CHECK(alice.take()
        == "MSG orders.new 17 5\r\nhello\r\nMSG orders.new 17 0\r\n\r\n"
           "MSG orders.new 17 _INBOX.1 5\r\nhello\r\n");
  CHECK(alice.heard().batches == 1);
  CHECK(alice.heard().counted == 3);
}

TEST_CASE_FIXTURE(router_world, "headers go to peers that take them and are cut off for others") {
  auto& modern = join();
  auto& old = join({.headers = false});
  subscribe(modern, "a", "1");
  subscribe(old, "a", "2");
  auto header = "NATS/1.0\r\nA: b\r\n\r\n"s;
  publish({"a", "body", {}, header});
  publish({"a", "", "r", header});
  flush();
  CHECK(modern.take()
        == "HMSG a 1 18 22\r\n" + header + "body\r\nHMSG a 1 r 18 18\r\n" + header + "\r\n");
  CHECK(old.take() == "MSG a 2 4\r\nbody\r\nMSG a 2 r 0\r\n\r\n");
}

TEST_CASE_FIXTURE(router_world, "a large payload stays in the block it was read into") {
  auto& modern = join();
  auto& old = join({.headers = false});
  subscribe(modern, "a", "1");
  subscribe(old, "a", "2");
  auto header = "NATS/1.0\r\n\r\n"s;
  std::string body(5000, 'x');
  sent what{"a", body, {}, header};
  publish(what);
  flush();
  CHECK(modern.heard().bytes == as_heard(what, "1", true));
  CHECK(old.heard().bytes == as_heard(what, "2", false));
  REQUIRE(modern.heard().pieces.size() == 2);
  REQUIRE(old.heard().pieces.size() == 2);
  CHECK(modern.heard().pieces[1].data == read->data());
  CHECK(old.heard().pieces[1].data == read->data() + header.size());
  CHECK(old.heard().pieces[1].owner.get() == read.get());
}

TEST_CASE_FIXTURE(router_world, "two subscriptions of one peer are two messages with two sids") {
  auto& alice = join();
  subscribe(alice, "a.b", "1");
  subscribe(alice, "a.*", "22");
  for (int i = 0; i < 3; ++i)
    CHECK(publish({"a.b", "x"}) == 2);
  flush();
  auto heard = alice.take();
  auto count = [&](std::string_view line) {
    size_t found = 0;
    for (auto at = heard.find(line); at != heard.npos; at = heard.find(line, at + 1))
      ++found;
    return found;
  };
  CHECK(count("MSG a.b 1 1\r\nx\r\n") == 3);
  CHECK(count("MSG a.b 22 1\r\nx\r\n") == 3);
  CHECK(heard.size() == 3 * (16 + 17));
}

TEST_CASE_FIXTURE(router_world, "whatever is published, each peer hears it to the byte") {
  std::mt19937 dice{42};
  auto text = [&](size_t size) {
    std::string out(size, ' ');
    for (auto& c : out)
      c = static_cast<char>('a' + dice() % 26);
    return out;
  };
  // More peers than known lines, so that two share one; sids and subjects around the line's room.
  std::vector<std::string> sids;
  for (size_t i = 0; i < 80; ++i) {
    sids.push_back(text(i % 9 == 0 ? 20 + i : 1 + i % 7));
    subscribe(join({.headers = i % 3 != 0}), ">", sids.back());
  }
  std::vector<std::string> subjects;
  for (size_t size : {1u, 3u, 4u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 50u, 60u, 70u, 90u, 200u})
    subjects.push_back(text(size));
  std::vector<std::string> expected(sids.size());
  const size_t sizes[]{0, 1, 2, 5, 9, 10, 14, 30, 31, 99, 100, 255, 999, 1000, 1022, 1023, 3000};
  for (int message = 0; message < 2000; ++message) {
    auto body = text(sizes[dice() % std::size(sizes)]);
    auto reply = dice() % 4 == 0 ? text(1 + dice() % 40) : ""s;
    auto header = dice() % 4 == 0 ? "NATS/1.0\r\n" + text(dice() % 60) + "\r\n\r\n" : ""s;
    sent what{subjects[dice() % (dice() % 2 ? 2 : subjects.size())], body, reply, header};
    for (auto times = 1 + dice() % 3; times > 0; --times) {
      CHECK(publish(what) == sids.size());
      for (size_t i = 0; i < sids.size(); ++i)
        expected[i] += as_heard(what, sids[i], i % 3 != 0);
    }
    if (dice() % 8 == 0) {
      flush();
      CHECK(routes.unsent() == 0);
      for (size_t i = 0; i < sids.size(); ++i) {
        REQUIRE_MESSAGE(peers[i].take() == expected[i], "peer " << i << ", message " << message);
        peers[i].journal->pieces.clear();
        expected[i].clear();
      }
    }
  }
}

TEST_CASE_FIXTURE(router_world, "unsent() is the bytes that await the next flush") {
  auto& alice = join();
  auto& bob = join();
  subscribe(alice, "a", "1");
  subscribe(bob, "a", "2");
  std::string large(2000, 'x');
  publish({"a", "x"});
  publish({"a", large, "r", "NATS/1.0\r\n\r\n"});
  auto unsent = routes.unsent();
  flush();
  CHECK(unsent == alice.heard().bytes.size() + bob.heard().bytes.size());
  CHECK(alice.dest->pending == static_cast<int64_t>(alice.heard().bytes.size()));
}

TEST_CASE_FIXTURE(router_world, "the 503 names its subject and is all header") {
  auto out = protocol::make_ref<actors::outgoing>(pool, size_t{0});
  actors::router::write_no_responders(*out, "_INBOX.9", "5", "nobody.there");
  out->seal();
  std::string text;
  for (const auto& each : out->pieces)
    text.append(each.data, each.size);
  auto header = "NATS/1.0 503\r\nNats-Subject: nobody.there\r\n\r\n"s;
  CHECK(text == as_heard({"_INBOX.9", "", {}, header}, "5", true));
}

TEST_CASE_FIXTURE(router_world,
                  "a message is repeated only while it and its receiver stay as they are") {
  auto& alice = join();
  auto& bob = join();
  auto first = subscribe(alice, "a", "1");
  auto repeats = [&](const sent& what, peer* from = nullptr) {
    CHECK(publish(what, from) > 0);
    return repeated;
  };
  auto ready = [&] { return !repeats({"a", "xy"}) && repeats({"a", "xy"}); };
  publish({"a", "xy"}); // a subject is remembered from its second message on
  flush();
  REQUIRE(ready());
  CHECK_FALSE(repeats({"a", "xyz"}));
  CHECK(repeats({"a", "abc"}));
  CHECK_FALSE(repeats({"a", "abc", "reply"}));
  CHECK_FALSE(repeats({"a", "", {}, "NATS/1.0\r\n\r\n"}));
  flush();
  REQUIRE(ready());
  SUBCASE("the receiver itself publishes") {
    CHECK_FALSE(repeats({"a", "xy"}, &alice));
    return;
  }
  SUBCASE("a flush") {
    flush();
  }
  SUBCASE("one more subscriber") {
    subscribe(bob, "*", "1");
  }
  SUBCASE("a member of a queue group") {
    subscribe(bob, "a", "1", "q");
  }
  SUBCASE("another subscriber instead") {
    account->interests.remove(*first);
    subscribe(bob, "a", "1");
  }
  SUBCASE("it may answer what it hears") {
    alice.dest->set_quirk(actors::quirk_tracks_replies, true);
  }
  SUBCASE("a maximum") {
    first->maximum = 9;
    first->quirks = actors::quirk_limited;
  }
  CHECK_FALSE(repeats({"a", "xy"}));
}

TEST_CASE_FIXTURE(router_world, "nothing is repeated to whoever is being closed") {
  auto& alice = join();
  subscribe(alice, "a", "1");
  for (int i = 0; i < 3; ++i)
    publish({"a", "x"});
  REQUIRE(repeated);
  alice.dest->doom();
  CHECK(publish({"a", "x"}) == 0);
}
