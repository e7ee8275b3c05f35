// test/security/permissions_test.cpp: who may publish and subscribe to what.
#include "security/permissions.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using list = std::vector<std::string>;

namespace {

permissions_ptr subscribing(list allow, list deny = {}) {
  permission_rules rules;
  rules.subscribe = {std::move(allow), std::move(deny)};
  return troupe::protocol::make_ref<permissions>(rules);
}

permissions_ptr publishing(list allow, list deny = {}) {
  permission_rules rules;
  rules.publish = {std::move(allow), std::move(deny)};
  return troupe::protocol::make_ref<permissions>(rules);
}

bool accepts(const permissions_ptr& p, std::string_view subject, std::string_view queue = "") {
  return p->may_subscribe(subject, queue) != subscribe_verdict::refused;
}

} // namespace

TEST_CASE("no rules at all allow everything") {
  permissions none{{}};
  CHECK(none.may_publish("a.b"));
  CHECK(none.may_subscribe(">", "") == subscribe_verdict::allowed);
  CHECK(none.may_subscribe(">", "q") == subscribe_verdict::allowed);
  CHECK(none.may_deliver("a", "q"));
}

TEST_CASE("publishing needs an allow entry and no deny entry") {
  auto p = publishing({"foo.*", "bar.>"}, {"bar.secret", "bar.x.>"});
  CHECK(p->may_publish("foo.a"));
  CHECK_FALSE(p->may_publish("foo.a.b"));
  CHECK(p->may_publish("bar.a.b"));
  CHECK_FALSE(p->may_publish("bar.secret"));
  CHECK_FALSE(p->may_publish("bar.x.y"));
  CHECK_FALSE(p->may_publish("baz"));
  auto denies = publishing({}, {"a.>"});
  CHECK(denies->may_publish("b"));
  CHECK_FALSE(denies->may_publish("a.b"));
}

TEST_CASE("a subscription must lie inside an allow entry as a set") {
  auto p = subscribing({"foo.*"});
  CHECK(accepts(p, "foo.a"));
  CHECK(accepts(p, "foo.*"));
  for (auto hole : {"foo.>", "foo.*.x", "*", ">", "*.a", "foo", "foo.a.b"})
    CHECK_MESSAGE(!accepts(p, hole), hole);
}

TEST_CASE("the table of queue-qualified allow entries holds") {
  auto plain = subscribing({"s"});
  CHECK(accepts(plain, "s"));
  CHECK(accepts(plain, "s", "q1"));
  CHECK(accepts(plain, "s", "other"));
  auto one = subscribing({"s q1"});
  CHECK_FALSE(accepts(one, "s"));
  CHECK(accepts(one, "s", "q1"));
  CHECK_FALSE(accepts(one, "s", "other"));
  auto both = subscribing({"s", "s v2.>"});
  CHECK(accepts(both, "s"));
  CHECK_FALSE(accepts(both, "s", "zz"));
  CHECK(accepts(both, "s", "v2.a"));
}

TEST_CASE("queue-qualified allow entries speak only about their own subjects") {
  auto p = subscribing({"a.>", "a.b q"});
  CHECK(accepts(p, "a.c", "any"));
  CHECK(accepts(p, "a.b", "q"));
  CHECK_FALSE(accepts(p, "a.b", "any"));
}

TEST_CASE("a deny entry with a queue refuses that queue alone") {
  auto p = subscribing({}, {"s q1", "t v.>"});
  CHECK(accepts(p, "s"));
  CHECK(accepts(p, "s", "q2"));
  CHECK_FALSE(accepts(p, "s", "q1"));
  CHECK(accepts(p, "t", "v"));
  CHECK_FALSE(accepts(p, "t", "v.1"));
}

TEST_CASE("a plain deny entry refuses what lies inside it, with any queue") {
  auto p = subscribing({">"}, {"bar.>"});
  CHECK_FALSE(accepts(p, "bar.a"));
  CHECK_FALSE(accepts(p, "bar.*", "q"));
  CHECK_FALSE(accepts(p, "bar.>"));
  CHECK(accepts(p, "bar"));
}

TEST_CASE("a wildcard that overlaps a deny entry is accepted and filtered at delivery") {
  auto p = subscribing({}, {"bar.q", "*.secret.>"});
  CHECK(p->may_subscribe("bar.*", "") == subscribe_verdict::allowed_filtered);
  CHECK(p->may_subscribe(">", "") == subscribe_verdict::allowed_filtered);
  CHECK(p->may_subscribe("x.*.y", "") == subscribe_verdict::allowed_filtered);
  CHECK(p->may_subscribe("x.*", "") == subscribe_verdict::allowed);
  CHECK(p->may_subscribe("x.y", "") == subscribe_verdict::allowed);
  CHECK_FALSE(p->may_deliver("bar.q", ""));
  CHECK_FALSE(p->may_deliver("bar.q", "grp"));
  CHECK(p->may_deliver("bar.x", ""));
  CHECK_FALSE(p->may_deliver("x.secret.y", ""));
}

TEST_CASE("a deny entry with a queue filters only deliveries to that queue") {
  auto p = subscribing({}, {"bar.q grp"});
  CHECK(p->may_subscribe("bar.*", "grp") == subscribe_verdict::allowed_filtered);
  CHECK(p->may_subscribe("bar.*", "other") == subscribe_verdict::allowed);
  CHECK(p->may_subscribe("bar.*", "") == subscribe_verdict::allowed);
  CHECK_FALSE(p->may_deliver("bar.q", "grp"));
  CHECK(p->may_deliver("bar.q", "other"));
  CHECK(p->may_deliver("bar.q", ""));
  CHECK(p->may_deliver("bar.x", "grp"));
}

TEST_CASE("who may answer but has no publish allow list may publish nothing else") {
  permission_rules rules;
  rules.responses = response_rule{};
  CHECK_FALSE(permissions{rules}.may_publish("a"));
  rules.publish.deny = {"b"};
  CHECK_FALSE(permissions{rules}.may_publish("a"));
  rules.publish.allow = {"a"};
  CHECK(permissions{rules}.may_publish("a"));
  CHECK(permissions{rules}.may_subscribe("x", "") == subscribe_verdict::allowed);
}

TEST_CASE("every unusable entry is named with the place it stands at") {
  permission_rules rules;
  rules.publish.allow = {"ok.>", "two words", "a..b"};
  rules.publish.deny = {"", "x.>.y"};
  rules.subscribe.allow = {"s q", "s q1 q2", "s q..1"};
  rules.subscribe.deny = {"fine", ".a"};
  auto faults = validate(rules, "site.conf:7: user bob");
  REQUIRE(faults.size() == 7);
  for (const auto& fault : faults)
    CHECK_MESSAGE(fault.starts_with("site.conf:7: user bob: "), fault);
  CHECK(faults[0].find("publish allow entry \"two words\" names a queue") != std::string::npos);
  CHECK(faults[4].find("more than two words") != std::string::npos);
  CHECK(faults[5].find("invalid queue") != std::string::npos);
  CHECK(validate({}, "x").empty());
}

TEST_CASE("an unusable allow entry allows nothing instead of everything") {
  CHECK_FALSE(publishing({"a..b"})->may_publish("a"));
  CHECK_FALSE(accepts(subscribing({"s q1 q2"}), "s", "q1"));
}
