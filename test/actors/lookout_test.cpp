#include "actors/lookout.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using troupe::actors::lookout;

TEST_CASE("a loop that has slept long sleeps at once") {
  lookout any;
  CHECK(any.looks_for() == 0ns);
  any.slept(20us);
  any.slept(1ms);
  CHECK(any.looks_for() == 0ns);
}

TEST_CASE("a loop that was woken soon looks around longer each time, but never longer than a sleep "
          "is worth") {
  lookout any;
  any.slept(5us);
  CHECK(any.looks_for() == lookout::first_look);
  auto before = any.looks_for();
  any.slept(lookout::longest_look);
  CHECK(any.looks_for() > before);
  for (int i = 0; i < 20; ++i)
    any.slept(30us);
  CHECK(any.looks_for() == lookout::longest_look);
}
