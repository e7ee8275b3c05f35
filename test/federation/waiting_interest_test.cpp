// test/federation/waiting_interest_test.cpp: interest in accounts that may come later, or never.
#include "federation/waiting_interest.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::federation;
using enum waiting_interest::outcome;

TEST_CASE("what waits for an account is handed over once, and what was taken back is not") {
  waiting_interest all;
  CHECK(all.add({"A", "", "foo", ""}, 1) == new_account);
  CHECK(all.add({"A", "", "foo", "g"}, 3) == added);
  CHECK(all.add({"A", "", "foo", "g"}, 4) == known);
  CHECK(all.add({"A", "L", "bar", ""}, 1) == added);
  CHECK(all.add({"AB", "", "foo", ""}, 1) == new_account);
  all.drop({"A", "L", "bar", ""});
  all.drop({"A", "L", "never", ""});
  std::string got;
  auto collect = [&](const auto& what, uint32_t weight) {
    got += what.subject + "/" + what.queue + "/" + std::to_string(weight) + " ";
  };
  all.take("A", collect);
  CHECK(got == "foo//1 foo/g/4 ");
  all.take("A", collect);
  CHECK(got == "foo//1 foo/g/4 ");
  CHECK(all.size() == 1);
}

TEST_CASE("an account's plain interest ends without that of its groups") {
  waiting_interest all;
  all.add({"A", "", "foo", ""}, 1);
  all.add({"A", "", "foo", "g"}, 1);
  all.add({"B", "", "foo", ""}, 1);
  all.drop_plain("A");
  CHECK(all.size() == 2);
}

TEST_CASE("the accounts in which something waits come one after the other") {
  waiting_interest all;
  for (auto account : {"B", "A", "AA"})
    for (auto subject : {"foo", "bar"})
      all.add({account, "", subject, ""}, 1);
  CHECK(all.account_behind("") == "A");
  CHECK(all.account_behind("A") == "AA");
  CHECK(all.account_behind("AA") == "B");
  CHECK(all.account_behind("B") == "");
}

TEST_CASE("a peer that makes accounts up is remembered up to a limit, however long its words are") {
  waiting_interest all;
  std::string endless(60'000, 'x');
  auto fill = [&] {
    size_t count = 0;
    while (all.add({std::to_string(count) + endless, "", "foo", ""}, 1) == new_account)
      ++count;
    return count;
  };
  auto room = fill();
  CHECK(room > 100);
  CHECK(room * endless.size() <= waiting_interest::most_bytes);
  CHECK_MESSAGE(all.add({"more", "", endless, ""}, 1) == full, "said once, then not again");
  for (size_t i = 0; i < room; ++i)
    all.drop({std::to_string(i) + endless, "", "foo", ""});
  CHECK(all.size() == 0);
  CHECK_MESSAGE(fill() == room, "what was taken back leaves its room");
}
