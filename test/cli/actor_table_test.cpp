// test/cli/actor_table_test.cpp: the actor tree as people read it.
#include "cli/actor_table.hpp"

#include <doctest/doctest.h>

using namespace troupe::cli;

TEST_CASE("actors stand below their parents, whatever the order they came in") {
  std::vector<actor_row> rows{
      {"broker", "scheduler", "2 accounts", 0, 0, 0, 0, 0},
      {"broker/reactor/0", "reactor 0", "1 connection", 0, 7, 12345, 0, 2048},
      {"broker/account/a/b", "scheduler", "", 3, 0, 0, 0, 0},
      {"broker/reactor/0/connection/9", "reactor 0", "open", 0, 7, 0, 1023, 0},
      {"stray", "thread", "lost", 0, 0, 0, 0, 0},
  };
  CHECK(actor_table(rows)
        == "ACTOR             PLACE      MAILBOX  MSGS IN  MSGS OUT  BYTES IN  BYTES OUT  STATE\n"
           "broker            scheduler        0        0         0         0          0  2 "
           "accounts\n"
           "  reactor/0       reactor 0        0        7     12.3k         0         2K  1 "
           "connection\n"
           "    connection/9  reactor 0        0        7         0      1023          0  open\n"
           "  account/a/b     scheduler        3        0         0         0          0\n"
           "stray             thread           0        0         0         0          0  lost\n");
}

TEST_CASE("a large figure keeps three digits and gains a unit") {
  CHECK(short_count(0) == "0");
  CHECK(short_count(9999) == "9999");
  CHECK(short_count(10000) == "10k");
  CHECK(short_count(12345) == "12.3k");
  CHECK(short_count(999'949) == "1M");
  CHECK(short_count(4'567'000) == "4.57M");
  CHECK(short_count(UINT64_MAX) == "18.4E");
  CHECK(short_size(1023) == "1023");
  CHECK(short_size(1536) == "1.5K");
  CHECK(short_size(64ULL << 20) == "64M");
}
