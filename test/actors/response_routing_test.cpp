// test/actors/response_routing_test.cpp: how many requests and responses find their way.
#include "test/actors/crossing_world.hpp"

using namespace troupe;
using test::crossing_world;
using test::offers;
using test::rules_of;
using test::takes;

namespace {

constexpr auto service = security::share_kind::service;

} // namespace

TEST_CASE_FIXTURE(crossing_world, "requests and responses look up no receivers and change none") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  auto ask = [&] {
    tell("B", {"req", "q", "inbox"});
    CHECK(tell_by(other, "A", {reply_in(a), "yes"}) == 1);
  };
  for (int i = 0; i < 3; ++i) // a subject is remembered from the second one on
    ask();
  auto figures = [&] {
    auto all = at("A")->interests.stats();
    all += at("B")->interests.stats();
    return std::array{all.matches, all.cache_entries, all.inserts, all.removes};
  };
  auto before = figures();
  for (int i = 0; i < 100; ++i)
    ask();
  CHECK(figures() == before);
}

TEST_CASE_FIXTURE(crossing_world, "who listens to responses hears each of them by its name") {
  auto offer = offers(service, "req");
  offer.response = security::response_kind::stream;
  registry.apply({rules_of("A", {offer}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  auto& ear = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  listen(ear, "A", "_R_.>", "3");
  auto ask = [&] {
    tell("B", {"req", "q", "inbox"});
    return reply_in(a);
  };
  auto first = ask();
  auto second = ask();
  for (const auto& reply : {first, second, first, first, second}) {
    CHECK(tell("A", {reply, "yes"}) == 2);
    CHECK(ear.take() == "MSG " + reply + " 3 3\r\nyes\r\n");
  }
  account = at("A");
  publish({first, "yes"});
  publish({second, "yes"});
  publish({first, "yes"});
  flush();
  CHECK(ear.take()
        == "MSG " + first + " 3 3\r\nyes\r\nMSG " + second + " 3 3\r\nyes\r\nMSG " + first
               + " 3 3\r\nyes\r\n");
}

TEST_CASE_FIXTURE(crossing_world, "a place in the table serves one request after the other") {
  registry.apply(
      {rules_of("A", {offers(service, "req")}), rules_of("B", {}, {takes(service, "A", "req")})});
  auto& a = join();
  auto& b = join();
  listen(a, "A", "req", "1");
  listen(b, "B", "inbox", "2");
  std::vector<std::string> open;
  auto ask = [&] {
    tell("B", {"req", "q", "inbox"});
    open.push_back(reply_in(a));
  };
  for (int i = 0; i < 5000; ++i)
    ask();
  std::vector<std::string> gone;
  for (size_t i = 0; i < open.size(); i += 2) { // every other one, from both ends
    gone.push_back(i % 4 == 0 ? open[i] : open[open.size() - 1 - i]);
    REQUIRE(tell("A", {gone.back(), "yes"}) == 1);
  }
  std::erase_if(open, [&](const auto& reply) {
    return std::find(gone.begin(), gone.end(), reply) != gone.end();
  });
  for (int i = 0; i < 100; ++i)
    ask();
  for (const auto& reply : gone)
    REQUIRE(tell("A", {reply, "again"}) == 0);
  CHECK(tables[0].size() == open.size());
  for (const auto& reply : open)
    REQUIRE(tell("A", {reply, "yes"}) == 1);
  CHECK(tables[0].size() == 0);
  ask();
  CHECK(tell("A", {open.back(), "yes"}) == 1);
  now += std::chrono::hours{1};
  CHECK(!routes.sweep());
}
