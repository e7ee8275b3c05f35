// test/security/permission_explanation_test.cpp: what is explained is what the broker decides.
#include "security/permission_explanation.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace troupe::security;

namespace {

/// Rules, subjects and queues from a small alphabet, so that they meet often.
class generator {
public:
  explicit generator(unsigned seed) : dice_{seed} {}

  std::string subject(bool wildcards) {
    std::string out;
    for (int left = roll(3) + 1; left > 0; --left) {
      out += out.empty() ? "" : ".";
      auto kind = wildcards ? roll(5) : 2 + roll(3);
      if (kind == 0 && left == 1)
        out += '>';
      else if (kind <= 1)
        out += '*';
      else
        out += static_cast<char>('a' + kind - 2);
    }
    return out;
  }
  std::string queue() {
    constexpr const char* all[] = {"", "q", "q.v1", "p"};
    return all[roll(4)];
  }
  subject_rules rules(bool queues) {
    subject_rules out;
    for (auto* list : {&out.allow, &out.deny})
      for (int left = roll(4); left > 0; --left)
        list->push_back(entry(queues));
    return out;
  }
  int roll(int sides) { return std::uniform_int_distribution<int>{0, sides - 1}(dice_); }

private:
  std::string entry(bool queues) {
    constexpr const char* all[] = {" q", " q.*", " >", ""};
    return subject(true) + (queues && roll(3) == 0 ? all[roll(4)] : "");
  }
  std::minstd_rand dice_;
};

} // namespace

TEST_CASE("an explanation never differs from the broker's own check") {
  size_t allowed = 0, filtered = 0;
  constexpr unsigned cases = 2000;
  for (unsigned seed = 1; seed <= cases; ++seed) {
    generator make{seed};
    permission_rules rules{make.rules(false), make.rules(true), {}};
    if (make.roll(4) == 0)
      rules.responses = response_rule{};
    permissions broker{rules};
    auto literal = make.subject(false);
    auto pattern = make.subject(true);
    auto queue = make.queue();
    auto says = explain_publish(rules, literal);
    CHECK_MESSAGE(says.allowed == broker.may_publish(literal),
                  "seed " << seed << ": " << says.rule);
    auto hears = explain_subscribe(rules, pattern, queue);
    auto verdict = broker.may_subscribe(pattern, queue);
    CHECK_MESSAGE(hears.allowed == (verdict != subscribe_verdict::refused),
                  "seed " << seed << ": " << pattern << " " << queue << ": " << hears.rule);
    CHECK_MESSAGE(hears.filtered == (verdict == subscribe_verdict::allowed_filtered),
                  "seed " << seed << ": " << pattern << " " << queue << ": " << hears.rule);
    CHECK_FALSE(says.rule.empty());
    allowed += hears.allowed ? 1u : 0u;
    filtered += hears.filtered ? 1u : 0u;
  }
  CHECK(allowed > cases / 10); // the cases are of both kinds
  CHECK(allowed < cases - cases / 10);
  CHECK(filtered > cases / 50);
}

TEST_CASE("the rule that decides is named") {
  permission_rules rules{{{"a.>", "b"}, {"a.secret"}}, {{"c.> q"}, {"c.x"}}, {}};
  CHECK(explain_publish(rules, "a.b").rule == "publish allow \"a.>\"");
  CHECK(explain_publish(rules, "a.secret").rule == "publish deny \"a.secret\"");
  CHECK(explain_publish(rules, "z").rule.find("\"a.>\", \"b\"") != std::string::npos);
  CHECK(explain_subscribe(rules, "c.d", "q").allowed);
  CHECK(explain_subscribe(rules, "c.d", "").rule.find("members of that queue")
        != std::string::npos);
  CHECK(explain_subscribe(rules, "c.d", "p").rule.find("another queue") != std::string::npos);
  CHECK(explain_subscribe(rules, "c.*", "q").rule.find("left out") != std::string::npos);
  rules.responses = response_rule{};
  rules.publish = {};
  CHECK_FALSE(explain_publish(rules, "a").allowed);
}
