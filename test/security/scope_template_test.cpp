// test/security/scope_template_test.cpp: templates give each user its own, and never more.
#include "security/scope_template.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using list = std::vector<std::string>;

namespace {

struct filling {
  std::string name = "bob";
  list tags{"team:red", "team:green", "region:eu"};
  list account_tags{"dept:sales", "dept:it"};

  std::variant<user_limits, std::string> of(const user_limits& limits) const {
    return fill_in(limits, {name, "UBOB", tags, "acme", "AACME", account_tags});
  }
  /// What becomes of one list of subscribe rights.
  list allow(list entries) const {
    user_limits limits;
    limits.permissions.subscribe.allow = std::move(entries);
    auto filled = of(limits);
    return std::holds_alternative<user_limits>(filled)
               ? std::get<user_limits>(filled).permissions.subscribe.allow
               : list{"refused: " + std::get<std::string>(filled)};
  }
  bool deny_works(list entries) const {
    user_limits limits;
    limits.permissions.publish.deny = std::move(entries);
    return std::holds_alternative<user_limits>(of(limits));
  }
};

} // namespace

TEST_CASE_FIXTURE(filling, "every operation stands for its value") {
  CHECK(allow({"a.{{name()}}.b"}) == list{"a.bob.b"});
  CHECK(allow({"{{subject()}}.{{account-name()}}.{{account-subject()}}"})
        == list{"UBOB.acme.AACME"});
  CHECK(allow({"{{ NAME() }}.{{Account-Name()}}"}) == list{"bob.acme"});
  CHECK(allow({"r.{{tag(region)}}"}) == list{"r.eu"});
  CHECK(allow({"no.template", "{{name}"}) == list{"no.template", "{{name}"});
}

TEST_CASE_FIXTURE(filling, "tags with several values multiply, all of them") {
  CHECK(allow({"{{tag(team)}}.{{account-tag(dept)}}"})
        == list{"red.sales", "red.it", "green.sales", "green.it"});
  CHECK(allow({"{{tag(team)}}.x.{{tag(team)}}"}).size() == 4);
}

TEST_CASE_FIXTURE(filling,
                  "an allow entry without a value is dropped, a deny entry refuses the user") {
  CHECK(allow({"x.{{tag(missing)}}", "y"}) == list{"y"});
  CHECK_FALSE(deny_works({"x.{{tag(missing)}}"}));
  CHECK(deny_works({"x.{{tag(team)}}"}));
}

TEST_CASE_FIXTURE(filling, "when nothing remains of what was allowed, everything is denied") {
  user_limits limits;
  limits.permissions.publish.allow = {"x.{{tag(missing)}}"};
  limits.permissions.subscribe.allow = {"x.{{account-tag(missing)}}"};
  auto filled = std::get<user_limits>(of(limits));
  CHECK(filled.permissions.publish.allow.empty());
  CHECK(filled.permissions.publish.deny == list{">"});
  CHECK(filled.permissions.subscribe.deny == list{">"});
}

TEST_CASE_FIXTURE(filling, "a name with a blank, a dot too many or a wildcard widens nothing") {
  for (auto bad : {"a b", "", "a..b", ".", "*", ">", "a.>", "x\ty"}) {
    name = bad;
    CHECK_MESSAGE(allow({"user.{{name()}}.>", "z"}) == list{"z"}, bad);
    CHECK_FALSE(deny_works({"user.{{name()}}.>"}));
  }
  name = "a.b"; // as in the reference, a name may be several tokens
  CHECK(allow({"user.{{name()}}.>"}) == list{"user.a.b.>"});
}

TEST_CASE_FIXTURE(filling, "an entry may name a queue, where queues may be named") {
  CHECK(allow({"user.{{name()}}.> q-{{name()}}"}) == list{"user.bob.> q-bob"});
  user_limits limits;
  limits.permissions.publish.allow = {"user.{{name()}} q", "z"};
  CHECK(std::get<user_limits>(of(limits)).permissions.publish.allow == list{"z"});
}

TEST_CASE_FIXTURE(filling, "an operation that is not known refuses the user") {
  for (auto entry : {"{{nothing()}}", "{{name(x)}}", "{{ }}", "{{tags(x)}}"})
    CHECK_MESSAGE(allow({entry}).at(0).starts_with("refused"), entry);
}

TEST_CASE_FIXTURE(filling, "expansions have a limit") {
  tags.clear();
  for (int i = 0; i < 65; ++i)
    tags.push_back("t:" + std::to_string(i));
  CHECK(allow({"{{tag(t)}}.{{tag(t)}}"}).at(0).starts_with("refused")); // 4225
  tags.pop_back();
  CHECK(allow({"{{tag(t)}}.{{tag(t)}}"}).size() == 4096);
  CHECK(allow({"{{tag(t)}}.{{tag(t)}}", "x.{{tag(t)}}"}).at(0).starts_with("refused"));
}
