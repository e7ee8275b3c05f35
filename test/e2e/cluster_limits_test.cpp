// test/e2e/cluster_limits_test.cpp: an account's limits hold over the cluster, whoever counts.
#include "cluster_member.hpp"

#include <array>
#include <csignal>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using enum kind;

/// Only who has limits looks at the figures of others.
std::string accounts(const std::string& limits) {
  return "system_account: S\naccounts {\n A { users: [ { user: a, password: pw } ]\n" + limits
         + " }\n S { users: [ { user: s, password: pw } ] }\n}\n";
}

/// Null: it was not let in.
connection_ptr attempt(const server_process& at) {
  auto options = options_for(at);
  must(natsOptions_SetUserInfo(options.get(), "a", "pw"), "user");
  must(natsOptions_SetAllowReconnect(options.get(), false), "no reconnects");
  must(natsOptions_SetIgnoreDiscoveredServers(options.get(), true), "nowhere else");
  natsConnection* raw = nullptr;
  natsConnection_Connect(&raw, options.get());
  return connection_ptr{raw, natsConnection_Destroy};
}

} // namespace

TEST_CASE("an account that is full lets nobody in at another member either, until one goes") {
  if (!has_peer())
    return;
  for (auto who : {ours, theirs}) {
    CAPTURE(name_of(who));
    member_plan here{.what = ours, .top = accounts("limits { max_connections: 2 }")};
    auto mine = start(here);
    auto other = start({.what = who, .dials = {here.port}, .top = accounts("")});
    REQUIRE(has_routes(*mine, routes_between(ours, who)));
    auto first = attempt(*other);
    REQUIRE(first);
    auto second = attempt(*mine);
    REQUIRE(second);
    CHECK(eventually([&] { return !attempt(*mine); })); // as soon as its figures have come
    CHECK(eventually([&] {
      return mine->log().find("maximum account active connections exceeded") != std::string::npos;
    }));
    flush(second); // he was there first
    first.reset();
    CHECK(eventually([&] { return attempt(*mine) != nullptr; }));
    auto third = attempt(*other);
    REQUIRE(third);
    CHECK(eventually([&] { return !attempt(*mine); }));
    other->signal(who == ours ? SIGTERM : SIGKILL); // one says goodbye, one does not
    CHECK(eventually([&] { return attempt(*mine) != nullptr; }));
    flush(second);
  }
}

TEST_CASE("who is to leave a lame duck finds room at another member at once") {
  for (auto who : {ours, theirs}) {
    if (who == theirs && !(has_peer() && pools_routes(theirs)))
      continue; // older ones do not say that they are one
    CAPTURE(name_of(who));
    member_plan here{.what = ours, .top = accounts("limits { max_connections: 1 }")};
    auto mine = start(here);
    auto other = start(
        {.what = who,
         .dials = {here.port},
         .top = "lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"20s\"\n" + accounts("")});
    REQUIRE(has_routes(*mine, routes_between(ours, who)));
    auto first = attempt(*other);
    REQUIRE(first);
    REQUIRE(eventually([&] { return !attempt(*mine); }));
    other->signal(SIGUSR2);
    CHECK(eventually([&] { return attempt(*mine) != nullptr; }));
    flush(first); // though it has not gone yet
  }
}
