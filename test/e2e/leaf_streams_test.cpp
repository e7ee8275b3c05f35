// test/e2e/leaf_streams_test.cpp: streams that an account takes at a hub, heard at its leaf node.
#include "mixed_servers.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

constexpr auto imports = "imports: [ { stream: { account: B, subject: \"str.>\" }, prefix: imp } ]";

/// A hub, another member of its cluster, and a leaf node of the hub. Account A takes the streams of
/// B in the cluster; the leaf node knows A only, as L.
struct streaming_site {
  streaming_site(kind hub_is, kind member_is, kind leaf_is)
      : hub{binary_of(hub_is), config_of_hub(imports)},
        member{binary_of(member_is),
               accounts(imports)
                   + "server_name: member\ncluster { name: C, listen: \"127.0.0.1:-1\""
                     ", routes: [ \"nats-route://127.0.0.1:"
                   + std::to_string(routes) + "\" ] }\n"},
        leaf{binary_of(leaf_is),
             "server_name: leaf\naccounts { L { users: [ { user: l, password: pw } ] } }\n"
             "leafnodes { reconnect: 1, remotes: [ { url: \"nats-leaf://a:pw@127.0.0.1:"
                 + std::to_string(leafs) + "\", account: L } ] }\n"} {}

  static std::string accounts(const std::string& taken) {
    return "accounts {\n A { users: [ { user: a, password: pw } ], " + taken
           + " }\n B { users: [ { user: b, password: pw } ], exports: [ { stream: \"str.>\" } ] "
             "}\n}\n";
  }
  std::string config_of_hub(const std::string& taken) const {
    return accounts(taken)
           + "server_name: hub\ncluster { name: C, listen: \"127.0.0.1:" + std::to_string(routes)
           + "\" }\nleafnodes { listen: \"127.0.0.1:" + std::to_string(leafs) + "\" }\n";
  }

  uint16_t routes = free_port(), leafs = free_port();
  server_process hub, member, leaf;
};

connection_ptr connect_as(const server_process& to, const char* user) {
  auto options = options_for(to);
  must(natsOptions_SetUserInfo(options.get(), user, "pw"), "user");
  return connect(options);
}

/// What `here` publishes on a stream comes to `there`, and with it what it wanted before is known;
/// all that `here` has published before has arrived then.
bool streams(const connection_ptr& here, const connection_ptr& there) {
  static int number = 0; // what somebody else has been asked with may still be on its way
  auto subject = "str.probe." + std::to_string(++number);
  auto probe = subscribe(there, ("imp." + subject).c_str());
  flush(there);
  return eventually([&] {
    publish(here, subject.c_str(), "");
    flush(here);
    return arrives(probe, std::chrono::milliseconds{20});
  });
}

} // namespace

TEST_CASE("a leaf node hears the streams that its account takes, from each member, and once") {
  if (!has_peer())
    return;
  using three = std::array<kind, 3>;
  for (const auto& who :
       {three{ours, theirs, theirs}, three{ours, ours, ours}, three{theirs, ours, ours}}) {
    CAPTURE(name_of(who[0]));
    CAPTURE(name_of(who[1]));
    CAPTURE(name_of(who[2]));
    streaming_site site{who[0], who[1], who[2]};
    auto at_hub = connect_as(site.hub, "b");
    auto at_member = connect_as(site.member, "b");
    auto node = connect_as(site.leaf, "l");
    auto exact = subscribe(node, "imp.str.x");
    auto wide = subscribe(node, "imp.>");
    auto elsewhere = subscribe(node, "str.>");
    auto one = subscribe(node, "imp.str.x", "g");
    auto two = subscribe(node, "imp.*.x", "g");
    REQUIRE(streams(at_hub, node));
    REQUIRE(streams(at_member, node));
    auto before = count_waiting(wide);
    for (int i = 0; i < 50; ++i) {
      publish(at_hub, "str.x", "");
      publish(at_member, "str.x", "");
    }
    REQUIRE(streams(at_hub, node));
    REQUIRE(streams(at_member, node));
    CHECK(count_waiting(exact) == 100);
    CHECK(count_waiting(wide) >= before + 100);
    CHECK(count_waiting(one) + count_waiting(two) == 100);
    CHECK(count_waiting(elsewhere) == 0);
  }
}

TEST_CASE("a leaf node's streams come and go with a reload of the hub") {
  if (!has_peer())
    return;
  streaming_site site{ours, ours, ours};
  auto b = connect_as(site.hub, "b");
  auto a = connect_as(site.hub, "a");
  auto node = connect_as(site.leaf, "l");
  auto heard = subscribe(node, "imp.str.x");
  REQUIRE(streams(b, node));
  site.hub.write_config(site.config_of_hub(""));
  site.hub.reload(patience);
  CHECK(eventually([&] { // it reaches the links a moment later
    auto probe = subscribe(node, "imp.str.y");
    auto last = subscribe(node, "last");
    flush(node);
    REQUIRE(settled(a, node));
    publish(b, "str.y", "");
    flush(b);
    publish(a, "last", "");
    REQUIRE(arrives(last, patience));
    return count_waiting(probe) == 0;
  }));
  site.hub.write_config(site.config_of_hub(imports));
  site.hub.reload(patience);
  REQUIRE(streams(b, node));
  publish(b, "str.x", "");
  CHECK(arrives(heard, patience));
}
