// test/protocol/subject_transform_test.cpp: what mappings and imports make of subjects.
#include "protocol/subject_transform.hpp"

#include "protocol/subject.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace troupe::protocol;
using dialect = subject_transform::dialect;

namespace {

subject_transform made(std::string_view source, std::string_view destination, dialect what) {
  auto out = subject_transform::make(source, destination, what);
  if (auto* wrong = std::get_if<std::string>(&out))
    FAIL(source << " to " << destination << ": " << *wrong);
  return std::get<subject_transform>(out);
}

std::string refusal(std::string_view source, std::string_view destination, dialect what) {
  auto out = subject_transform::make(source, destination, what);
  auto* wrong = std::get_if<std::string>(&out);
  return wrong ? *wrong : "";
}

std::string pulled(std::string_view source, std::string_view local, std::string_view wanted) {
  return made(source, local, dialect::import).pull_back(wanted).value_or("nothing");
}

} // namespace

TEST_CASE("mappings give what nats-server 2.15 gives") {
  // Printed by the transforms of nats-server 2.15.2.
  struct {
    std::string_view source, destination, subject, result;
  } vectors[] = {
      {"*", "bar.{{partition(10)}}", "foo", "bar.3"},
      {"*.*", "bar.{{partition(10)}}", "foo.bar", "bar.6"},
      {"*", "b.{{partition(10, 0)}}", "foo", "b.3"},
      {"x.*.*", "b.{{partition(10,0)}}", "x.y.z", "b.5"},
      {"o.*.*", "o.{{ Partition (1000,2,1) }}.$1", "o.alice.bob", "o.380.alice"},
      {"o.*.*", "o.{{partition(1000,1,2)}}", "o.alice.bob", "o.262"},
      {"o.*", "o.{{partition(2147483647,1)}}", "o.some-customer", "o.974015717"},
      {"o.*", "o.{{partition(0,1)}}", "o.a", "o.0"},
      {"foo.bar", "baz.{{partition(10)}}", "foo.bar", "baz.6"},
      {"foo.bar", "baz.{{partition(10,1)}}", "foo.bar", "baz.6"},
      {"a.*.>", "b.{{partition(97)}}.>", "a.1.2.3", "b.53.2.3"},
      {"a.*.>", "b.{{partition(97,1)}}.$1.>", "a.1.2.3", "b.4.1.2.3"},
      {"*", "{{splitfromleft(1,3)}}", "12345", "123.45"},
      {"*", "{{splitfromleft(1,5)}}", "12345", "12345"},
      {"*", "{{splitfromleft(1,0)}}", "12345", "12345"},
      {"*", "{{SplitFromRight(1,3)}}", "12345", "12.345"},
      {"*", "{{SplitFromRight(1,9)}}", "12345", "12345"},
      {"*", "{{SliceFromLeft(1,3)}}", "1234567890", "123.456.789.0"},
      {"*", "{{SliceFromLeft(1,5)}}", "1234567890", "12345.67890"},
      {"*", "{{SliceFromLeft(1,7)}}", "1234567890", "1234567.890"},
      {"*", "{{SliceFromLeft(1,10)}}", "1234567890", "1234567890"},
      {"*", "{{SliceFromRight(1,3)}}", "1234567890", "1.234.567.890"},
      {"*", "{{SliceFromRight(1,5)}}", "1234567890", "12345.67890"},
      {"*", "{{SliceFromRight(1,7)}}", "1234567890", "123.4567890"},
      {"*", "{{split(1,-)}}", "-abc-def--ghi-", "abc.def.ghi"},
      {"*", "{{split(1,-)}}", "abc-def--ghi-", "abc.def.ghi"},
      {"*.*", "{{split(2,-)}}.{{splitfromleft(1,2)}}", "foo.-abc-def--ghij-", "abc.def.ghij.fo.o"},
      {"*", "{{split(1,--)}}", "a--b-c---d", "a.b-c.-d"},
      {"*", "{{split(1,)}}", "abc", "a.b.c"},
      {"*", "{{split(1, _)}}", "a_b", "a.b"},
      {"*", "{{left(1,3)}}", "1234", "123"},
      {"*", "{{left(1,6)}}", "1234", "1234"},
      {"*", "{{right(1,3)}}", "1234", "234"},
      {"*", "{{right(1,6)}}", "1234", "1234"},
      {"*", "{{right(1,0)}}", "1234", "1234"},
      {"*", "bar.{{random(0)}}", "q", "bar.0"},
      {"foo.*.bar.*.baz", "req.$2.$1", "foo.A.bar.B.baz", "req.B.A"},
      {"foo.*", "{{wildcard( 1 )}}.x", "foo.a", "a.x"},
      {"baz.>", "foo.bar.>", "baz.1.2.3", "foo.bar.1.2.3"},
      {"a.*.>", "b.$foo.$1.>", "a.1.2", "b.$foo.1.2"},
      {">", "p.>", "a.b.c", "p.a.b.c"},
      {"foo", "bar", "foo", "bar"},
  };
  for (const auto& v : vectors)
    CHECK_MESSAGE(made(v.source, v.destination, dialect::mapping).apply(v.subject) == v.result,
                  v.source << " to " << v.destination << " of " << v.subject);
}

TEST_CASE("a split leaves no empty token behind") {
  auto split = made("*", "a.{{split(1,-)}}", dialect::mapping);
  CHECK(split.apply("--x") == "a.x");
  CHECK(split.apply("---") == "a.---");
}

TEST_CASE("random takes every value below its bound, and no other") {
  auto random = made("*", "{{random(4)}}", dialect::mapping);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random.apply("x").value());
  CHECK(seen == std::set<std::string>{"0", "1", "2", "3"});
}

TEST_CASE("a subject that the source does not match is not transformed") {
  auto t = made("foo.*", "bar.$1", dialect::mapping);
  for (auto other : {"foo", "foo.a.b", "bar.a", "foo.", ""})
    CHECK_MESSAGE(!t.apply(other), other);
}

TEST_CASE("a destination that cannot be made names what is wrong") {
  struct {
    std::string_view source, destination, part;
  } wrong[] = {
      {"foo..", "bar", "no subject"},
      {"", "bar", "no subject"},
      {"foo.*", "bar.*", "\"$1\" stands for"},
      {"foo.*", "bar.$2", "takes wildcard 2, but the source \"foo.*\" has 1"},
      {"foo.*", "bar.$0", "the first is \"$1\""},
      {"foo", "bar.$1", "has no \"*\""},
      {"foo", "bla.{{wildcard(1)}}", "has no \"*\""},
      {"foo.*", "bar.$1.>", "must end in \">\""},
      {"foo.>", "bar.baz", "must end in \">\""},
      {"foo.*", "bar..$1", "empty token"},
      {"foo.>", "bar.>.baz", "not the last"},
      {"foo.*", "bar.a b", "blank"},
      {"foo.*", "foo.{{unimplemented(1)}}", "splitfromleft"},
      {"foo.*", "foo.{{partition()}}", "{{partition(10,1,2)}}"},
      {"foo.*", "foo.{{partition(2147483648)}}", "{{partition(10,1,2)}}"},
      {"foo.*", "foo.{{random()}}", "{{random(10)}}"},
      {"foo.*", "foo.{{random(-1)}}", "{{random(10)}}"},
      {"foo.*", "foo.{{wildcard(foo)}}", "{{wildcard(1)}}"},
      {"foo.*", "foo.{{wildcard()}}", "{{wildcard(1)}}"},
      {"foo.*", "foo.{{wildcard(1,2)}}", "{{wildcard(1)}}"},
      {"foo.*", "foo.{{ wildcard5) }}", "no mapping function"},
      {"foo.*", "foo.{{left(1,2}}", "{{left(1,3)}}"},
      {"foo.*", "foo.{{left(1)}}", "{{left(1,3)}}"},
      {"foo.*", "foo.{{split(1,-,x)}}", "{{split(1,-)}}"},
  };
  for (const auto& w : wrong)
    CHECK_MESSAGE(refusal(w.source, w.destination, dialect::mapping).find(w.part)
                      != std::string::npos,
                  w.source << " to " << w.destination << ": "
                           << refusal(w.source, w.destination, dialect::mapping));
}

TEST_CASE("an import uses each wildcard exactly once and nothing else") {
  for (auto bad : {"bar.$2", "bar.$1.$1", "bar.$1", "bar.x", "bar.$1.{{partition(2,2)}}",
                   "bar.*.$1", "bar.$1.$2.$3"})
    CHECK_MESSAGE(!refusal("foo.*.*", bad, dialect::import).empty(), bad);
  for (auto good : {"bar.$2.$1", "bar.*.*", "$1.{{wildcard(2)}}", "$foo.$1.$2"})
    CHECK_MESSAGE(refusal("foo.*.*", good, dialect::import).empty(), good);
}

TEST_CASE("an import that only repeats its subject changes nothing") {
  CHECK(made("foo.*.>", "foo.*.>", dialect::import).is_identity());
  CHECK(made("foo.*.>", "foo.$1.>", dialect::import).is_identity());
  CHECK(made("foo", "foo", dialect::import).is_identity());
  CHECK_FALSE(made("*.*", "$2.$1", dialect::import).is_identity());
  CHECK_FALSE(made("foo.>", "bar.>", dialect::import).is_identity());
}

TEST_CASE("a reversed import gives back the name it was given") {
  struct {
    std::string_view source, local, subject;
  } imports[] = {{"foo.*.*", "bar.$2.{{Wildcard(1)}}", "foo.b.a"},
                 {"a.*.b.*.c.>", "l.$2.x.$1.>", "a.1.b.2.c.3.4"},
                 {"pub.>", "from.a.pub.>", "pub.q"},
                 {"*.*.*", "$3.$1.$2", "x.y.z"},
                 {"req", "local.req", "req"}};
  for (const auto& i : imports) {
    auto there = made(i.source, i.local, dialect::import);
    auto back = there.reversed();
    auto local = there.apply(i.subject).value_or("");
    CHECK(local != i.subject);
    CHECK_MESSAGE(back.apply(local) == i.subject, i.local << ": " << local);
    CHECK(back.source() == there.destination_pattern());
    CHECK(back.destination_pattern() == i.source);
    CHECK(matches(local, there.destination_pattern()));
  }
}

TEST_CASE("a subscription is pulled back to what the import can deliver of it") {
  CHECK(pulled("pub.>", "a.pub.>", "a.pub.>") == "pub.>");
  CHECK(pulled("pub.>", "a.pub.>", ">") == "pub.>");
  CHECK(pulled("pub.>", "a.pub.>", "a.>") == "pub.>");
  CHECK(pulled("pub.>", "a.pub.>", "a.pub.x.*") == "pub.x.*");
  CHECK(pulled("pub.>", "a.pub.>", "*.*.*.y") == "pub.*.y");
  CHECK(pulled("pub.>", "a.pub.>", "a.pub") == "nothing");
  CHECK(pulled("pub.>", "a.pub.>", "b.>") == "nothing");
  CHECK(pulled("st.*.*", "ts.$2.$1", "ts.n.*") == "st.*.n");
  CHECK(pulled("st.*.*", "ts.$2.$1", "ts.n.>") == "st.*.n");
  CHECK(pulled("st.*.*", "ts.$2.$1", "*.n.m") == "st.m.n");
  CHECK(pulled("st.*.*", "ts.$2.$1", "ts.n") == "nothing");
  CHECK(pulled("st.*.*", "ts.$2.$1", "ts.n.m.o") == "nothing");
  CHECK(pulled("st.*.*", "ts.$2.$1", "ts.n.m.>") == "nothing");
  CHECK(pulled("q", "l.q", "l.*") == "q");
  CHECK(pulled("q", "l.q", "l.q") == "q");
  CHECK(pulled("q", "l.q", "l.r") == "nothing");
}

TEST_CASE("what is pulled back matches exactly what the import would deliver") {
  const std::string_view words[] = {"a", "b", "*", ">"};
  const std::pair<std::string_view, std::string_view> imports[] = {
      {"s.*.*", "$2.$1"}, {"s.*", "a.$1"}, {"s.>", "a.>"}, {"s.*.>", "$1.b.>"}, {"s.t", "a.b"}};
  std::vector<std::string> patterns, literals;
  for (auto x : words)
    for (auto y : words)
      for (auto z : words)
        for (auto p : {std::string{x}, std::string{x}.append(".").append(y),
                       std::string{x}.append(".").append(y).append(".").append(z)})
          (is_literal(p) ? literals : patterns).push_back(p);
  patterns.insert(patterns.end(), literals.begin(), literals.end());
  for (const auto& [source, local] : imports) {
    auto there = made(source, local, dialect::import);
    for (const auto& wanted : patterns) {
      if (!is_valid_subscription(wanted))
        continue;
      auto back = there.pull_back(wanted);
      for (auto tail : literals) {
        auto subject = "s." + tail;
        auto arrives = there.apply(subject);
        const bool delivered = arrives && matches(*arrives, wanted);
        CHECK_MESSAGE(delivered == (back && matches(subject, *back)),
                      source << " as " << local << ", wanted " << wanted << ": " << subject);
      }
    }
  }
}
