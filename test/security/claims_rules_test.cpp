// test/security/claims_rules_test.cpp: claims as rules; what is wrong with claims; local times.
#include "security/claims_rules.hpp"

#include "security/claims_validation.hpp"
#include "security/time_zone.hpp"
#include "test/security/trust_world.hpp"
#include "test/security/vectors.hpp"

#include <doctest/doctest.h>

using namespace troupe::security;
using test::trust_world;

namespace {

import_claim import_of(share_kind kind, std::string subject, std::string local, std::string to) {
  import_claim out;
  out.kind = kind;
  out.account = "A";
  out.subject = std::move(subject);
  out.local_subject = std::move(local);
  out.to = std::move(to);
  return out;
}

export_claim export_of(share_kind kind, std::string subject) {
  export_claim out;
  out.kind = kind;
  out.subject = std::move(subject);
  return out;
}

struct judged : trust_world {
  account_claims account = [this] { return account_claims_; }();
  /// The first thing that forbids use; "" for none.
  std::string fault() const {
    auto all = blocking(validate(account, test::noon));
    return all.empty() ? "" : all.front();
  }
  bool faulty(std::string_view part) const { return fault().find(part) != std::string::npos; }
};

} // namespace

TEST_CASE("an account of Go's library becomes the rules it means") {
  auto rules = rules_of(std::get<account_claims>(decode_account_jwt(test::vector("account"))));
  CHECK(rules.name == test::pair("account_seed").public_text());
  CHECK(rules.display_name == "A");
  CHECK(rules.limits.connections == 100);
  CHECK(rules.limits.payload == -1);
  REQUIRE(rules.exports.size() == 2);
  CHECK(rules.exports[0].token_required);
  CHECK(rules.exports[0].response_threshold == std::chrono::minutes{2});
  CHECK(rules.exports[1].response == response_kind::stream);
  CHECK(rules.exports[1].response_threshold == std::chrono::seconds{5});
  CHECK(rules.exports[1].latency == latency_rule{"latency.time", 0});
  CHECK(rules.exports[1].account_token_position == 2);
  REQUIRE(rules.mappings.size() == 1);
  CHECK(rules.mappings[0].destinations
        == std::vector<mapping_destination>{{"new.$1", 60, ""}, {"newer.$1", 100, "east"}});
  CHECK(rules.trace == trace_rule{"traces", 25});
  REQUIRE(rules.default_permissions);
  CHECK(rules.default_permissions->publish.deny == std::vector<std::string>{"internal.>"});
}

TEST_CASE("imports of both spellings come out in one form") {
  account_claims said;
  using enum share_kind;
  said.imports = {import_of(stream, "s.>", "local.>", ""), import_of(stream, "s.>", "", "pre"),
                  import_of(service, "local.x", "", "their.x"),
                  import_of(service, "their.x", "local.x", ""), import_of(service, "same", "", "")};
  auto rules = rules_of(said);
  REQUIRE(rules.imports.size() == 5);
  for (auto [i, subject, local] : {std::tuple{0, "s.>", "local.>"},
                                   {1, "s.>", "pre.s.>"},
                                   {2, "their.x", "local.x"},
                                   {3, "their.x", "local.x"},
                                   {4, "same", "same"}}) {
    CHECK(rules.imports[static_cast<size_t>(i)].subject == subject);
    CHECK(rules.imports[static_cast<size_t>(i)].local_subject == local);
  }
}

TEST_CASE("responses of zero mean the defaults, and nothing at all no rules") {
  permission_claims said;
  CHECK_FALSE(rules_of(said));
  said.responses.emplace();
  CHECK(rules_of(said)->responses == response_rule{1, std::chrono::minutes{2}});
  said.responses->max_messages = -1;
  CHECK(rules_of(said)->responses->max_messages == -1);
}

TEST_CASE("every real account, user and operator is found valid") {
  for (auto name :
       {"operator", "account", "other_account", "plain_user", "scoped_user", "activation",
        "authorization_request", "authorization_response", "v1_account"}) {
    auto what = std::get<claims>(decode_jwt(test::vector(name)));
    auto faults = blocking(validate(what, test::noon));
    CHECK_MESSAGE(faults.empty(), name << ": " << (faults.empty() ? "" : faults.front()));
  }
}

TEST_CASE_FIXTURE(judged, "exports that make no sense are named") {
  using enum share_kind;
  account.exports = {export_of(stream, "a.>"), export_of(service, "a.b"), export_of(stream, "b.*")};
  CHECK(fault().empty());
  auto one = [&](auto change) {
    account.exports = {export_of(service, "a.*")};
    change(account.exports[0]);
    return fault();
  };
  CHECK_FALSE(one([](auto& e) { e.kind.reset(); }).empty());
  CHECK_FALSE(one([](auto& e) { e.subject = ""; }).empty());
  CHECK_FALSE(one([](auto& e) { e.subject = "a b"; }).empty());
  CHECK_FALSE(one([](auto& e) { e.response_type = "Many"; }).empty());
  CHECK_FALSE(one([](auto& e) { e.response_threshold = -1; }).empty());
  CHECK_FALSE(one([](auto& e) { e.account_token_position = 1; }).empty());
  CHECK_FALSE(one([](auto& e) { e.account_token_position = 3; }).empty());
  CHECK(one([](auto& e) { e.account_token_position = 2; }).empty());
  CHECK_FALSE(one([](auto& e) { e.latency = latency_claim{101, "x", ""}; }).empty());
  CHECK_FALSE(one([](auto& e) { e.latency = latency_claim{1, "x.*", ""}; }).empty());
  CHECK(one([](auto& e) { e.latency = latency_claim{1, "x", ""}; }).empty());
  CHECK_FALSE(one([](auto& e) { e.kind = stream, e.allow_trace = true; }).empty());
  CHECK_FALSE(one([](auto& e) { e.kind = stream, e.response_type = "Stream"; }).empty());
  CHECK_FALSE(one([](auto& e) { e.info_url = "nowhere"; }).empty());
  account.exports = {export_of(stream, "a.>"), export_of(stream, "a.b")};
  CHECK(faulty("already contains"));
  account.exports = {export_of(service, "a.b"), export_of(service, "a.b")};
  CHECK(faulty("exported twice"));
}

TEST_CASE_FIXTURE(judged, "imports that make no sense are named") {
  using enum share_kind;
  auto one = [&](import_claim claim) {
    account.imports = {std::move(claim)};
    return fault();
  };
  CHECK(one(import_of(stream, "a.*.*", "b.$2.$1", "")).empty());
  CHECK_FALSE(one(import_of(stream, "a.*.*", "b.$1", "")).empty());
  CHECK_FALSE(one(import_of(stream, "a.*", "b.$2", "")).empty());
  CHECK_FALSE(one(import_of(stream, "a.>", "b.c", "")).empty());
  CHECK_FALSE(one(import_of(stream, "a", "b", "c")).empty());
  CHECK(one(import_of(stream, "a", "", "c")).empty()); // old, but works
  auto shared = import_of(stream, "a", "", "");
  shared.share = true;
  CHECK_FALSE(one(shared).empty());
  shared = import_of(service, "a", "", "");
  shared.allow_trace = true;
  CHECK_FALSE(one(shared).empty());
  shared = import_of(service, "a", "", "");
  shared.token = "x.y.z";
  CHECK_FALSE(one(shared).empty());
  account.imports = {import_of(service, "x", "a.>", ""), import_of(service, "y", "a.b", "")};
  account.imports[0].subject = "x.>";
  CHECK(faulty("overlap"));
  account.imports[1].account = "B"; // of another account they may
  CHECK(fault().empty());
}

TEST_CASE_FIXTURE(judged, "limits, mappings, callout and the rest are judged") {
  account.limits.exports = 0;
  account.exports = {export_of(share_kind::stream, "a")};
  CHECK(faulty("more exports"));
  account.limits.exports = 5;
  account.limits.wildcard_exports = false;
  account.exports[0].subject = "a.*";
  CHECK(faulty("wildcards"));
  account.exports.clear();
  account.mappings = {{"a", {{"b", 60, "", ""}, {"c", 50, "", ""}}}};
  CHECK(faulty("more than 100"));
  account.mappings = {{"a", {{"b", 60, "", ""}, {"c", 50, "east", ""}}}};
  CHECK(fault().empty());
  account.cluster_traffic = "sideways";
  CHECK(faulty("cluster_traffic"));
  account.cluster_traffic.clear();
  account.callout.allowed_accounts = {"*"};
  CHECK(faulty("no auth_users"));
  account.callout.auth_users = {user.public_text()};
  CHECK(fault().empty());
  account.callout.xkey = user.public_text();
  CHECK(faulty("xkey"));
  account.callout.xkey.clear();
  account.limits.tiers["R1"].streams = 1;
  account.limits.jetstream.streams = 1;
  CHECK(faulty("JetStream"));
  account.limits.jetstream = {};
  account.default_permissions.publish.allow = {"a q"};
  CHECK(faulty("queue"));
}

TEST_CASE("address ranges are read as networks, and only whole ones") {
  for (auto bad : {"", "192.0.2.0", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "x/8", "::/129",
                   "192.0.2.0/8 ", "192.0.2/8"})
    CHECK_FALSE_MESSAGE(address_range::parse(bad), bad);
  CHECK(address_range::parse("0.0.0.0/0")->contains("203.0.113.9"));
  CHECK_FALSE(address_range::parse("0.0.0.0/0")->contains("2001:db8::1"));
  CHECK(address_range::parse("::/0")->contains("2001:db8::1"));
  CHECK(address_range::parse("192.0.2.77/25")->contains("192.0.2.1"));
  CHECK_FALSE(address_range::parse("192.0.2.77/25")->contains("192.0.2.128"));
}

TEST_CASE("zones know their offsets through a year, and in a far one") {
  auto berlin = time_zone::find("Europe/Berlin");
  REQUIRE(berlin);
  CHECK(berlin->offset_at(1'700'000'000) == 3600);
  CHECK(berlin->offset_at(1'690'000'000) == 7200);
  CHECK(berlin->offset_at(4'102'444'800) == 3600); // 2100-01-01, beyond the file's table
  CHECK(berlin->offset_at(4'102'444'800 + 190 * 86400) == 7200);
  CHECK(berlin->to_unix(1'700'000'000 + 3600) == 1'700'000'000);
  auto sydney = time_zone::find("Australia/Sydney");
  REQUIRE(sydney);
  CHECK(sydney->offset_at(4'102'444'800) == 11 * 3600);
  CHECK(time_zone::find("UTC")->offset_at(0) == 0);
  CHECK(time_zone::find("")); // this machine's
  for (auto bad : {"Mars/Olympus", "../zoneinfo/UTC", "/etc/localtime", "UTC\n", ".", "Europe"})
    CHECK_FALSE_MESSAGE(time_zone::find(bad), bad);
  for (std::string_view bad : {"", "TZif", "TZif2"})
    CHECK_FALSE(time_zone::parse(bad));
  CHECK_FALSE(time_zone::parse("TZif2" + std::string(200, '\xff')));
}
