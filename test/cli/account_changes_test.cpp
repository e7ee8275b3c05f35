// test/cli/account_changes_test.cpp: what flags make of claims, and what is wrong with them.
#include "cli/account_change.hpp"
#include "cli/claims_text.hpp"
#include "cli/moment.hpp"
#include "cli/text_table.hpp"

#include <doctest/doctest.h>

using namespace troupe::cli;
namespace security = troupe::security;

namespace {

constexpr int64_t noon = 1'700'000'000;
using texts = std::vector<std::string>;

texts faults(const user_change& change) {
  security::user_claims to;
  texts out;
  apply(change, noon, to, out);
  return out;
}

} // namespace

TEST_CASE("moments are durations from now, dates, or never") {
  CHECK(parse_moment("90d", noon) == noon + 90 * 86400);
  CHECK(parse_moment("2w", noon) == noon + 14 * 86400);
  CHECK(parse_moment("1h30m", noon) == noon + 5400);
  CHECK(parse_moment("2027-01-31", noon) == 1'801'353'600);
  CHECK(parse_moment("2027-01-31T00:00:01Z", noon) == 1'801'353'601);
  CHECK(parse_moment("never", noon) == 0);
  for (auto text : {"", "d", "soon", "2027-13-01", "-1d", "1dd", "99999999d"})
    CHECK_MESSAGE(!parse_moment(text, noon), text);
  CHECK(show_moment(1'801'353'600) == "2027-01-31 00:00:00 UTC");
}

TEST_CASE("a table's columns are as wide as their widest cell") {
  text_table table{{"A", "B"}};
  CHECK_FALSE(table.has_rows());
  table.add({"wide…", "x"});
  table.add({"n", ""});
  CHECK(table.text() == "A      B\nwide…  x\nn\n");
}

TEST_CASE("lists grow by what is allowed and shrink by --rm") {
  security::permission_claims to;
  texts problems;
  permission_change change;
  change.allow_pub = {"a.>", "a.>"};
  change.allow_pubsub = {"b"};
  change.deny_sub = {"c q"};
  change.responses = "3,1m";
  apply(change, to, problems);
  CHECK(problems.empty());
  CHECK(to.publish.allow == texts{"a.>", "b"});
  CHECK(to.subscribe.allow == texts{"b"});
  CHECK(to.subscribe.deny == texts{"c q"});
  CHECK(to.responses->max_messages == 3);
  CHECK(to.responses->ttl == 60'000'000'000);
  permission_change back;
  back.remove = {"b", "nowhere"};
  back.responses = "none";
  apply(back, to, problems);
  CHECK(problems.size() == 1);
  CHECK(problems.front().find("nowhere") != std::string::npos);
  CHECK(to.publish.allow == texts{"a.>"});
  CHECK(to.subscribe.allow.empty());
  CHECK_FALSE(to.responses);
}

TEST_CASE("every mistake of a user's flags is told at once") {
  user_change change;
  change.sources = {"10.0.0.0/99"};
  change.times = {"8-17"};
  change.types = {"pigeon"};
  change.expires = "tomorrow";
  change.payload = "big";
  change.part = "boss";
  change.permissions.allow_pub = {"a..b"};
  CHECK(faults(change).size() == 7);
}

TEST_CASE("limits are counts, sizes, or none") {
  texts problems;
  int64_t to = 5;
  apply_limit("", "--x", to, problems);
  CHECK(to == 5);
  apply_limit("64k", "--x", to, problems);
  CHECK(to == 64'000);
  apply_limit("unlimited", "--x", to, problems);
  CHECK(to == -1);
  CHECK(problems.empty());
  apply_limit("-2", "--x", to, problems);
  CHECK(problems.size() == 1);
}

TEST_CASE("any lifts what a list restricted") {
  security::user_claims to;
  texts problems;
  user_change change;
  change.sources = {"192.0.2.0/24"};
  change.times = {"08:00:00-17:00:00"};
  change.types = {"leafnode", "Standard"};
  change.tags = {"Blue", "blue"};
  apply(change, noon, to, problems);
  CHECK(problems.empty());
  CHECK(to.limits.connection_types == texts{"LEAFNODE", "STANDARD"});
  CHECK(to.standard.tags == texts{"blue"});
  user_change lift;
  lift.sources = lift.times = lift.types = {"any"};
  lift.remove_tags = {"BLUE"};
  apply(lift, noon, to, problems);
  CHECK(to.limits.sources.empty());
  CHECK(to.limits.times.empty());
  CHECK(to.limits.connection_types.empty());
  CHECK(to.standard.tags.empty());
}

TEST_CASE("permissions are told in words") {
  CHECK(in_words({}) == "everything");
  CHECK(in_words({{"a", "b.>"}, {"b.c"}, {}}) == "only a, b.>; never b.c");
  CHECK(in_words({{}, {">"}, {}}) == "nothing");
}
