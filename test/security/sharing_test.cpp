// test/security/sharing_test.cpp: which imports hold, and who notices a change.
#include "security/sharing.hpp"

#include "protocol/subject.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace troupe::security;
using std::string;

namespace {

export_rule offers(share_kind kind, string subject) {
  export_rule out;
  out.kind = kind;
  out.subject = std::move(subject);
  return out;
}
export_rule stream(string subject) {
  return offers(share_kind::stream, std::move(subject));
}
export_rule service(string subject) {
  return offers(share_kind::service, std::move(subject));
}
export_rule for_accounts(export_rule rule, std::vector<string> names) {
  rule.accounts = std::move(names);
  return rule;
}

import_rule takes(share_kind kind, string account, string subject, string local = {}) {
  import_rule out;
  out.kind = kind;
  out.account = std::move(account);
  out.subject = std::move(subject);
  out.local_subject = std::move(local);
  return out;
}
import_rule takes_stream(string account, string subject, string local = {}) {
  return takes(share_kind::stream, std::move(account), std::move(subject), std::move(local));
}
import_rule takes_service(string account, string subject, string local = {}) {
  return takes(share_kind::service, std::move(account), std::move(subject), std::move(local));
}

account_rules account(string name, std::vector<export_rule> exports,
                      std::vector<import_rule> imports = {}) {
  account_rules out;
  out.name = std::move(name);
  out.exports = std::move(exports);
  out.imports = std::move(imports);
  return out;
}

/// Why the first import of `name` does not hold; empty if all do.
string refusal_of(const sharing& all, const string& name) {
  auto result = all.find(name);
  return result->refused_imports.empty() ? "" : result->refused_imports.front().reason;
}

/// B imports `wanted` from A, which exports `offer`.
string verdict(export_rule offer, import_rule wanted) {
  sharing all;
  all.assign({account("A", {std::move(offer)}), account("B", {}, {std::move(wanted)})});
  return refusal_of(all, "B");
}

bool says(const string& text, std::string_view part) {
  return text.find(part) != string::npos;
}

} // namespace

TEST_CASE("an import needs an export that contains its subject") {
  CHECK(verdict(stream("pub.>"), takes_stream("A", "pub.>")) == "");
  CHECK(verdict(stream("pub.>"), takes_stream("A", "pub.x.*", "mine.*")) == "");
  CHECK(verdict(service("req"), takes_service("A", "req", "local")) == "");
  auto why = verdict(stream("pub.*"), takes_stream("A", "pub.>"));
  CHECK(says(why, "account \"B\" imports the stream \"pub.>\" from account \"A\""));
  CHECK(says(why, "not exported"));
  CHECK(says(verdict(stream("pub.>"), takes_service("A", "pub.x")), "must export a service"));
  CHECK(says(verdict(stream("pub.>"), takes_stream("C", "pub.>")), "no such account"));
}

TEST_CASE("an export for named accounts is for nobody else, one for none is for nobody") {
  CHECK(verdict(for_accounts(stream("s"), {"B", "C"}), takes_stream("A", "s")) == "");
  CHECK(says(verdict(for_accounts(stream("s"), {"C"}), takes_stream("A", "s")), "add \"B\""));
  CHECK(says(verdict(for_accounts(stream("s"), {}), takes_stream("A", "s")), "add \"B\""));
}

TEST_CASE("a private export of exactly the subject wins over a public one that contains it") {
  sharing all;
  all.assign({account("A", {stream(">"), stream("a.>"), for_accounts(stream("a.b.*"), {"C"}),
                            for_accounts(stream("a.x"), {"C"})}),
              account("B", {}, {takes_stream("A", "a.x")}),
              account("C", {}, {takes_stream("A", "a.x")}),
              account("D", {}, {takes_stream("A", "a.b.c")}),
              account("E", {}, {takes_stream("A", "a.c")})});
  CHECK(says(refusal_of(all, "B"), "not for this account"));
  CHECK(refusal_of(all, "C") == "");
  CHECK(says(refusal_of(all, "D"), "\"a.b.*\" is not for this account"));
  CHECK(all.find("E")->imports.at(0).offer->subject == "a.>");
}

TEST_CASE("a token position lets each account in by its own name only") {
  auto offer = service("acct.*.get");
  offer.account_token_position = 2;
  CHECK(verdict(offer, takes_service("A", "acct.B.get")) == "");
  CHECK(says(verdict(offer, takes_service("A", "acct.C.get")), "import \"acct.B.get\""));
  CHECK(says(verdict(offer, takes_service("A", "acct.*.get")), "import \"acct.B.get\""));
}

TEST_CASE("an export that needs a token asks the check, and refuses without one") {
  auto offer = stream("s.>");
  offer.token_required = true;
  auto wanted = takes_stream("A", "s.x");
  CHECK(says(verdict(offer, wanted), "needs an activation token"));
  wanted.token = "jwt";
  CHECK(says(verdict(offer, wanted), "operator mode"));
  bool expired = false;
  sharing all{[&](const account_rules& importer, const import_rule& rule, const export_rule& of) {
    return importer.name == "B" && rule.token == "jwt" && of.subject == "s.>" && !expired
               ? string{}
               : string{"it has expired"};
  }};
  all.assign({account("A", {offer}), account("B", {}, {wanted})});
  CHECK(refusal_of(all, "B") == "");
  CHECK(all.recheck("B").empty());
  expired = true;
  CHECK(all.recheck("B") == std::vector<string>{"B"});
  CHECK(says(refusal_of(all, "B"), "it has expired"));
}

TEST_CASE("what is imported keeps the exporter's terms") {
  auto offer = service("req.*");
  offer.response = response_kind::chunked;
  offer.response_threshold = std::chrono::seconds{3};
  auto wanted = takes_service("A", "req.*", "local.*");
  wanted.share = true;
  sharing all;
  all.assign({account("A", {offer}), account("B", {}, {wanted})});
  const auto result = all.find("B");
  const auto& got = result->imports.at(0);
  CHECK(got.exporter() == "A");
  CHECK(got.rule.share);
  CHECK(got.offer->response == response_kind::chunked);
  CHECK(got.offer->response_threshold == std::chrono::seconds{3});
  CHECK(got.transform.reversed().apply("local.7") == "req.7");
}

TEST_CASE("an import twice is refused once") {
  sharing all;
  all.assign({account("A", {stream("s"), service("q"), service("r")}), account("C", {service("q")}),
              account("B", {},
                      {takes_stream("A", "s", "x"), takes_stream("A", "s", "y"),
                       takes_service("A", "q", "z"), takes_service("A", "r", "z"),
                       takes_service("C", "q", "z")})});
  const auto result = all.find("B");
  CHECK(result->imports.size() == 3);
  REQUIRE(result->refused_imports.size() == 2);
  CHECK(result->refused_imports[0].index == 1);
  CHECK(result->refused_imports[1].index == 3);
  CHECK(says(result->refused_imports[1].reason, "keep one"));
}

TEST_CASE("of imports that form a cycle the last one is refused, over any number of accounts") {
  for (auto kind : {share_kind::stream, share_kind::service})
    for (size_t length : {1U, 2U, 3U, 20U}) {
      std::vector<account_rules> ring;
      for (size_t i = 0; i < length; ++i)
        ring.push_back(account("A" + std::to_string(i), {offers(kind, "foo.>")},
                               {takes(kind, "A" + std::to_string((i + 1) % length), "foo.>")}));
      sharing all;
      all.assign(ring);
      for (size_t i = 0; i + 1 < length; ++i)
        CHECK(refusal_of(all, "A" + std::to_string(i)) == "");
      auto why = refusal_of(all, "A" + std::to_string(length - 1));
      CHECK_MESSAGE(says(why, "forms a cycle"), why);
    }
}

TEST_CASE("a way back is no cycle when its subjects never meet") {
  sharing all;
  all.assign({account("A", {stream("foo.>")}, {takes_stream("B", "bar.>", "baz.>")}),
              account("B", {stream("bar.>")}, {takes_stream("A", "foo.>", "bar.>")})});
  CHECK(refusal_of(all, "A") == "");
  CHECK(refusal_of(all, "B") == "");
  all.assign({account("A", {stream("foo.>")}, {takes_stream("B", "bar.>", "foo.>")}),
              account("B", {stream("bar.>")}, {takes_stream("A", "foo.>", "bar.>")})});
  CHECK(refusal_of(all, "A") == "");
  CHECK(says(refusal_of(all, "B"), "forms a cycle"));
}

TEST_CASE("an import that a cycle kept out comes back when the cycle is gone") {
  sharing all;
  all.assign({account("A", {service("q")}, {takes_service("B", "q")}),
              account("B", {service("q")}, {takes_service("C", "q")}),
              account("C", {service("q")}, {takes_service("A", "q")})});
  CHECK(says(refusal_of(all, "C"), "forms a cycle"));
  auto changed = all.put(account("A", {service("q")}));
  CHECK(changed == std::vector<string>{"A", "C"});
  CHECK(refusal_of(all, "C") == "");
}

TEST_CASE("limits on imports, exports and wildcards are kept") {
  auto a = account("A", {stream("a"), stream("b.>"), stream("c")});
  a.limits.exports = 2;
  a.limits.wildcard_exports = false;
  auto b = account("B", {},
                   {takes_stream("A", "a"), takes_stream("A", "b.>"), takes_stream("A", "c"),
                    takes_stream("A", "a", "d")});
  b.limits.imports = 3;
  sharing all;
  all.assign({a, b});
  const auto exports = all.find("A")->refused_exports;
  REQUIRE(exports.size() == 2);
  CHECK(says(exports[0].reason, "account \"A\" exports the stream \"b.>\": the account may not"));
  CHECK(says(exports[1].reason, "2 exports, not 3"));
  const auto result = all.find("B");
  CHECK(result->imports.size() == 1);
  CHECK(says(result->refused_imports.at(2).reason, "3 imports, not 4"));
}

TEST_CASE("an export that cannot be served is refused, and so are its imports") {
  auto with_latency = service("q");
  with_latency.latency = latency_rule{"q", 100};
  auto streamed = service("q");
  streamed.response = response_kind::stream;
  streamed.latency = latency_rule{"results", 100};
  auto wild = service("q");
  wild.latency = latency_rule{"results.*", 100};
  auto position = service("q.*");
  position.account_token_position = 1;
  for (const auto& bad : {with_latency, streamed, wild, position, service("q..x"), service("")}) {
    sharing all;
    all.assign({account("A", {bad}), account("B", {}, {takes_service("A", "q")})});
    CHECK(all.find("A")->refused_exports.size() == 1);
    CHECK(all.find("B")->imports.empty());
  }
}

TEST_CASE("a change is told to those whose imports it touches, and to nobody else") {
  sharing all;
  std::vector<account_rules> many{account("A", {stream("s"), service("q")})};
  for (int i = 0; i < 500; ++i)
    many.push_back(
        account("N" + std::to_string(i), {},
                i % 100 == 0 ? std::vector{takes_stream("A", "s")} : std::vector<import_rule>{}));
  CHECK(all.assign(many).size() == 501);
  CHECK(all.assign(many).empty());
  CHECK(all.put(account("A", {stream("s"), service("other")})).empty());
  CHECK(all.put(account("A", {service("other")})).size() == 5);
  CHECK(says(refusal_of(all, "N100"), "not exported"));
  CHECK(all.put(account("A", {stream("s")})).size() == 5);
  CHECK(all.remove("A").size() == 6);
  CHECK(says(refusal_of(all, "N100"), "no such account"));
  CHECK(all.put(account("A", {stream("s")})).size() == 6);
  CHECK(refusal_of(all, "N100") == "");
  CHECK(all.remove("nobody").empty());
}

TEST_CASE("one change at a time admits no import that a fresh look would not") {
  std::mt19937 dice{7};
  auto pick = [&](size_t n) { return static_cast<size_t>(dice() % n); };
  const string names[] = {"A", "B", "C", "D"};
  const string subjects[] = {"x", "y", "x.*", "x.>", ">"};
  auto random_account = [&] {
    auto kind = [&] { return pick(2) ? share_kind::stream : share_kind::service; };
    account_rules out = account(names[pick(4)], {});
    for (size_t i = pick(3); i > 0; --i) {
      out.exports.push_back(offers(kind(), subjects[pick(5)]));
      if (pick(3) == 0)
        out.exports.back().accounts = {names[pick(4)]};
    }
    for (size_t i = pick(4); i > 0; --i)
      out.imports.push_back(takes(kind(), names[pick(4)], subjects[pick(5)]));
    return out;
  };
  sharing all;
  size_t held = 0;
  for (int step = 0; step < 400; ++step) {
    if (pick(8) == 0)
      all.remove(names[pick(4)]);
    else
      all.put(random_account());
    std::vector<account_rules> now;
    for (const auto& name : names)
      if (auto rules = all.rules_of(name))
        now.push_back(*rules);
    sharing fresh;
    fresh.assign(now);
    for (const auto& rules : now) {
      auto one = all.find(rules.name), other = fresh.find(rules.name);
      CHECK(one->refused_exports == other->refused_exports);
      // Which import of a cycle is refused depends on history; everything else does not.
      auto without_cycles = [](const account_sharing& of) {
        std::set<size_t> out;
        for (const auto& no : of.refused_imports)
          if (!says(no.reason, "cycle") && !says(no.reason, "keep one"))
            out.insert(no.index);
        return out;
      };
      auto mine = without_cycles(*one), theirs = without_cycles(*other);
      CHECK(mine == theirs);
      held += one->imports.size();
    }
  }
  CHECK(held > 100);
}
