// test/monitor/accountz_test.cpp: what /accountz tells of an account.
#include "monitor/accountz.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::monitor;
using monitor::test::keys;
using monitor::test::noon;
using security::share_kind;

namespace {

account_facts plain() {
  account_facts out;
  out.figures.name = out.figures.label = "A";
  out.changed = noon();
  return out;
}

security::import_rule import_of(share_kind kind, const char* subject, const char* local) {
  security::import_rule out;
  out.kind = kind;
  out.account = "B";
  out.subject = subject;
  out.local_subject = local;
  return out;
}

} // namespace

TEST_CASE("an account that shares nothing has the keys of the reference in its order") {
  auto out = account_detail(plain());
  CHECK(keys(out)
        == "account_name update_time expired complete jetstream_enabled leafnode_connections "
           "client_connections subscriptions name_tag sublist_stats");
  CHECK(out["update_time"] == "2026-11-23T16:01:08Z");
  CHECK(keys(out["sublist_stats"])
        == "num_subscriptions num_cache num_inserts num_removes num_matches cache_hit_rate "
           "max_fanout avg_fanout");
}

TEST_CASE("an account of an operator says who signed it and what its limits are") {
  auto facts = plain();
  facts.expired = true;
  facts.rules.limits.connections = 5;
  security::account_claims said;
  said.standard.subject = "AKEY";
  said.standard.name = "acme";
  said.standard.issuer = "OKEY";
  said.standard.id = "ID";
  said.standard.issued_at = 7;
  facts.trust = std::make_shared<const security::account_trust>(said, false);
  auto out = account_detail(facts);
  CHECK(keys(out)
        == "account_name update_time expired complete jetstream_enabled leafnode_connections "
           "client_connections subscriptions issuer_key name_tag decoded_jwt sublist_stats");
  CHECK(out["expired"] == true);
  CHECK(out["issuer_key"] == "OKEY");
  CHECK(out["decoded_jwt"].dump()
        == R"({"jti":"ID","iat":7,"iss":"OKEY","name":"acme","sub":"AKEY","nats":{"limits":)"
           R"({"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,)"
           R"("conn":5,"leaf":-1},"type":"account","version":2}})");
}

TEST_CASE("exports say what they are and for whom") {
  auto facts = plain();
  security::export_rule service, stream;
  service.kind = share_kind::service;
  service.subject = "req.*";
  service.response = security::response_kind::stream;
  service.accounts = {"B"};
  stream.subject = "ev.>";
  facts.rules.exports = {stream, service};
  CHECK(account_detail(facts)["exports"].dump()
        == R"([{"subject":"req.*","type":"service","response_type":"Streamed",)"
           R"("approved_accounts":["B"]},{"subject":"ev.>","type":"stream"}])");
}

TEST_CASE("imports come streams first, those of the broker last, and say if they do not hold") {
  auto facts = plain();
  facts.rules.imports = {import_of(share_kind::service, "req.1", "r1"),
                         import_of(share_kind::stream, "ev.x", "p.ev.x")};
  facts.of_the_broker = {
      import_of(share_kind::service, "$SYS.REQ.USER.A.INFO", "$SYS.REQ.USER.INFO")};
  auto shared = std::make_shared<security::account_sharing>();
  shared->refused_imports.push_back({0, "nobody exports it"});
  facts.shared = shared;
  auto out = account_detail(facts)["imports"];
  REQUIRE(out.size() == 3);
  CHECK(out[0].dump()
        == R"({"subject":"ev.x","account":"B","local_subject":"p.ev.x","type":"stream",)"
           R"("invalid":false,"share":false,"tracking":false})");
  CHECK(keys(out[1]) == "subject account to local_subject type invalid share tracking");
  CHECK(out[1]["to"] == "r1");
  CHECK(out[1]["invalid"] == true);
  CHECK(out[2]["local_subject"] == "$SYS.REQ.USER.INFO");
}

TEST_CASE("mappings are listed with the sums of their weights, the source with the rest") {
  auto facts = plain();
  security::mapping_rule rule;
  rule.source = "foo";
  rule.destinations = {{"bar", 40, {}}, {"baz", 20, {}}};
  facts.rules.mappings = {rule};
  CHECK(account_detail(facts)["mappings"].dump()
        == R"({"foo":[{"subject":"baz","weight":20},{"subject":"bar","weight":60},)"
           R"({"subject":"foo","weight":100}]})");
}

TEST_CASE("without a name the accounts are listed, with one its detail is shown") {
  accountz_head head{"NSERVER", "SYS", noon()};
  CHECK(accountz(head, std::vector<std::string>{"A", "SYS"}).dump()
        == R"({"server_id":"NSERVER","now":"2026-11-23T16:01:08Z","system_account":"SYS",)"
           R"("accounts":["A","SYS"]})");
  auto facts = plain();
  facts.is_system = true;
  auto out = accountz(head, facts);
  CHECK(keys(out) == "server_id now system_account account_detail");
  CHECK(out["account_detail"]["is_system"] == true);
}
