// test/actors/write_patience_test.cpp: who is late, and who only slow.
#include "actors/write_patience.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using troupe::actors::write_patience;
using enum troupe::actors::write_patience::verdict;

namespace {
constexpr auto deadline = 10s;
const write_patience::time_point start{1h};
} // namespace

TEST_CASE("a peer that takes nothing within the deadline is late, one that takes a byte is not") {
  write_patience peer;
  peer.begin(start, 100, 1000);
  CHECK(peer.look(start + 1s, 60, deadline) == unknown);
  CHECK(peer.look(start + 2s, 60, deadline) == stuck);
  CHECK(peer.look(start + 9s, 61, deadline) == moving);
  CHECK(peer.look(start + 18s, 61, deadline) == stuck);
  CHECK(peer.look(start + 19s, 61, deadline) == late);
}

TEST_CASE("what waited when the socket became full has to be out by the deadline, not what came "
          "later") {
  write_patience peer;
  peer.begin(start, 100, 1000);
  CHECK_FALSE(peer.is_behind(start + 9s, 1099, deadline));
  CHECK(peer.is_behind(start + 10s, 1099, deadline));
  CHECK_FALSE(peer.is_behind(start + 10s, 1100, deadline));
  CHECK_MESSAGE(!peer.is_behind(start + 1h, 1100, deadline), "nothing waits any more");
}

TEST_CASE("a socket that is full again and again does not win time by it") {
  write_patience peer;
  peer.begin(start, 100, 1000);
  peer.begin(start + 5s, 600, 2000);
  CHECK(peer.is_behind(start + 10s, 1000, deadline));
  peer.begin(start + 9s, 1100, 2000); // what waited first is out
  CHECK_FALSE(peer.is_behind(start + 18s, 1200, deadline));
  CHECK(peer.is_behind(start + 19s, 3099, deadline));
}
