// test/security/client_hosts_test.cpp: who may be a client, and what is left for a managed node.
#include "security/client_hosts.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using security::client_hosts;
using security::permission_rules;
using security::permissions;
using security::subscribe_verdict;

namespace {

security::permissions_ptr user(permission_rules rules) {
  return protocol::make_ref<const permissions>(std::move(rules));
}

} // namespace

TEST_CASE("without a list everybody may be a client") {
  client_hosts all;
  CHECK_FALSE(all.active());
  CHECK(all.narrow(nullptr, "10.0.0.1") == nullptr);
  CHECK_FALSE(client_hosts{{}, true}.active());
}

TEST_CASE("an address is compared as a number, and IPv4 within IPv6 is IPv4") {
  client_hosts hosts{{"10.1.2.3", "192.168.0.0/16", "2001:db8::/32", "fe80::1"}, false};
  for (const auto* in : {"10.1.2.3", "::ffff:10.1.2.3", "192.168.255.1", "2001:DB8:0::7", "fe80::1",
                         "fe80:0:0:0:0:0:0:1", "::ffff:c0a8:0101"})
    CHECK_MESSAGE(hosts.lists(in), in);
  for (const auto* out : {"10.1.2.4", "192.169.0.1", "2001:db9::1", "fe80::2", "", "localhost"})
    CHECK_MESSAGE(!hosts.lists(out), out);
}

TEST_CASE("what is no address and no network is named") {
  CHECK(security::faults_of_hosts({"10.0.0.0/8", "::1", "1.2.3.4"}).empty());
  auto faults = security::faults_of_hosts({"10.0.0.0/33", "host.example", "", "1.2.3", "::/129"});
  REQUIRE(faults.size() == 5);
  CHECK(faults[1]
        == "\"host.example\" must be an address such as 10.1.2.3 or a network such as 10.0.0.0/8");
}

TEST_CASE("a managed node answers and reports, but asks nobody and reads no replies") {
  client_hosts hosts{{"10.0.0.0/8"}, false};
  CHECK(hosts.narrow(nullptr, "10.9.9.9") == nullptr);
  auto node = hosts.narrow(nullptr, "172.16.0.1");
  REQUIRE(node);
  for (const auto* yes : {"mcollective.reply.abc.1", "choria.lifecycle.event.startup.server",
                          "choria.machine.transition", "choria.federation.a.collective", "custom"})
    CHECK_MESSAGE(node->may_publish(yes), yes);
  for (const auto* no : {"mcollective.broadcast.agent.rpcutil", "mcollective.broadcast.service.x",
                         "mcollective.node.web1", "choria.federation.a.federation"})
    CHECK_MESSAGE(!node->may_publish(no), no);
  CHECK(node->may_subscribe("mcollective.node.web1", "") == subscribe_verdict::allowed);
  CHECK(node->may_subscribe("mcollective.broadcast.agent.rpcutil", "")
        == subscribe_verdict::allowed);
  CHECK(node->may_subscribe("mcollective.reply.>", "") == subscribe_verdict::refused);
  CHECK(node->may_subscribe("choria.lifecycle.event.>", "") == subscribe_verdict::refused);
  CHECK(node->may_subscribe(">", "") == subscribe_verdict::allowed_filtered);
  CHECK_FALSE(node->may_deliver("mcollective.reply.x.1", ""));
}

TEST_CASE("an answer may go where a managed node may publish, and nowhere else") {
  client_hosts hosts{{"10.0.0.0/8"}, false};
  CHECK(hosts.may_answer("mcollective.reply.abc.1"));
  CHECK(hosts.may_answer("_INBOX.x"));
  CHECK_FALSE(hosts.may_answer("mcollective.broadcast.agent.shell"));
  CHECK_FALSE(hosts.may_answer("mcollective.node.web1"));
  CHECK_FALSE(client_hosts({"10.0.0.0/8"}, true).may_answer("mcollective.reply.abc.1"));
  CHECK(client_hosts{}.may_answer("mcollective.node.web1"));
}

TEST_CASE("a node registers, unless its user may not") {
  client_hosts hosts{{"10.0.0.0/8"}, false};
  const std::string registration = "mcollective.broadcast.agent.registration";
  CHECK(hosts.may_register(nullptr, registration));
  CHECK_FALSE(hosts.may_register(nullptr, "mcollective.broadcast.agent.rpcutil"));
  CHECK_FALSE(hosts.may_register(user({{{}, {registration}}, {}, {}}), registration));
  CHECK_FALSE(hosts.may_register(user({{{"other"}, {}}, {}, {}}), registration));
  CHECK_FALSE(client_hosts({"10.0.0.0/8"}, true).may_register(nullptr, registration));
}

TEST_CASE("a host never widens what a user may") {
  client_hosts hosts{{"10.0.0.0/8"}, false};
  auto mine = user({{{"a.>", "*.node.>"}, {"a.secret"}}, {{"b.>", "x.reply.>"}, {}}, {}});
  CHECK(hosts.narrow(mine, "10.0.0.1") == mine);
  auto node = hosts.narrow(mine, "11.0.0.1");
  CHECK(node->may_publish("a.b"));
  CHECK_FALSE(node->may_publish("a.secret"));
  CHECK_FALSE(node->may_publish("x.node.y"));
  CHECK_FALSE(node->may_publish("c"));
  CHECK(node->may_subscribe("b.c", "") == subscribe_verdict::allowed);
  CHECK(node->may_subscribe("x.reply.y", "") == subscribe_verdict::refused);
}

TEST_CASE("with deny_server_connections a managed node may do nothing") {
  client_hosts hosts{{"10.0.0.0/8"}, true};
  for (const auto& node :
       {hosts.narrow(nullptr, "11.0.0.1"), hosts.narrow(user({{{"a"}, {}}, {}, {}}), "11.0.0.1")}) {
    CHECK_FALSE(node->may_publish("a"));
    CHECK(node->may_subscribe("a", "") == subscribe_verdict::refused);
    CHECK(node->may_subscribe(">", "") == subscribe_verdict::refused);
  }
  CHECK(hosts.narrow(nullptr, "10.0.0.1") == nullptr);
}
