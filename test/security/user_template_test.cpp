// test/security/user_template_test.cpp: what each part of a fleet may do.
#include "security/user_template.hpp"

#include "security/claims_rules.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;

namespace {

permissions compiled(fleet_part part, const template_values& values) {
  REQUIRE(faults_of(part, values).empty());
  auto rules = rules_of(permissions_of(part, values));
  REQUIRE(rules);
  return permissions{*rules};
}

bool hears(const permissions& who, std::string_view subject) {
  return who.may_subscribe(subject, {}) != subscribe_verdict::refused;
}

} // namespace

TEST_CASE("a server answers and hears its own node, and asks nobody") {
  template_values values;
  values.collectives = {"c1", "c2"};
  values.identity = "n1.example.net";
  values.registration = {"site.registration"};
  auto server = compiled(fleet_part::server, values);
  for (auto subject : {"c1.reply.abc.1", "c2.broadcast.agent.registration", "site.registration",
                       "choria.lifecycle.event.alive.server", "choria.federation.c2.collective"})
    CHECK_MESSAGE(server.may_publish(subject), subject);
  for (auto subject : {"c1.broadcast.agent.rpcutil", "c1.node.n2", "c3.reply.x",
                       "choria.federation.f.federation", "$SYS.REQ.SERVER.PING"})
    CHECK_FALSE_MESSAGE(server.may_publish(subject), subject);
  CHECK(hears(server, "c1.node.n1.example.net"));
  CHECK(hears(server, "c2.broadcast.agent.rpcutil"));
  for (auto subject : {"c1.node.>", "c1.node.n2.example.net", "c1.reply.>", ">"})
    CHECK_FALSE_MESSAGE(hears(server, subject), subject);
}

TEST_CASE("a client hears only its own replies, under the digest of its caller id") {
  template_values values;
  values.caller = "choria=rip.mcollective";
  auto client = compiled(fleet_part::client, values);
  CHECK(client.may_publish("mcollective.broadcast.agent.rpcutil"));
  CHECK(client.may_publish("mcollective.node.n1.example.net"));
  CHECK(client.may_publish("choria.federation.f1.federation"));
  CHECK_FALSE(client.may_publish("mcollective.reply.x"));
  // md5sum of the caller id
  CHECK(hears(client, "mcollective.reply.37bdf08389145a56c13096c178802d3b.99.1"));
  CHECK_FALSE(hears(client, "mcollective.reply.>"));
  CHECK_FALSE(hears(client, "choria.lifecycle.event.>"));
  values.events = true;
  CHECK(hears(compiled(fleet_part::client, values), "choria.lifecycle.event.>"));
}

TEST_CASE("an adapter reads one side and writes the other; system watches and says nothing") {
  template_values values;
  values.input = {"c.ingest.>"};
  values.output = {"out.x"};
  auto adapter = compiled(fleet_part::adapter, values);
  CHECK(adapter.may_publish("out.x"));
  CHECK_FALSE(adapter.may_publish("c.ingest.a"));
  CHECK(hears(adapter, "c.ingest.a"));
  auto system = compiled(fleet_part::system, {});
  CHECK(hears(system, "$SYS.ACCOUNT.*.CONNECT"));
  CHECK_FALSE(hears(system, "a"));
  CHECK_FALSE(system.may_publish("$SYS.REQ.SERVER.PING"));
  auto leaf = compiled(fleet_part::provisioning_leaf, {});
  CHECK(leaf.may_publish("choria.provisioning_data"));
  CHECK(hears(leaf, "provisioning.node.n1"));
  CHECK_FALSE(hears(leaf, "provisioning.reply.>"));
}

TEST_CASE("values that would widen a template are refused, all at once") {
  template_values values;
  values.collectives = {"a.>", ""};
  values.identity = "*";
  auto faults = faults_of(fleet_part::server, values);
  CHECK(faults.size() == 3);
  CHECK(faults_of(fleet_part::client, {}).size() == 1);
  CHECK(faults_of(fleet_part::adapter, {}).size() == 2);
  CHECK(fleet_part_of("nobody") == std::nullopt);
  for (auto part : all_fleet_parts)
    CHECK(fleet_part_of(to_string(part)) == part);
}
