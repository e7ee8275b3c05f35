// test/monitor/connz_test.cpp: /connz and /subsz: keys, filters, order, pages.
#include "monitor/connz.hpp"
#include "monitor/subsz.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::monitor;
using namespace std::chrono_literals;
using troupe::actors::connection_snapshot;
using troupe::monitor::test::client;
using troupe::monitor::test::keys;
using troupe::monitor::test::noon;
using json = nlohmann::ordered_json;

namespace {

json ask(const char* text, const std::vector<connection_snapshot>& all) {
  std::string fault;
  auto request = read_connz_request(query{text}, fault);
  REQUIRE(fault == "");
  return connz(request, "NSERVER", noon() + 10s, all);
}

std::string fault_of(const char* text) {
  std::string fault;
  auto request = read_connz_request(query{text}, fault);
  return fault.empty() ? fault_of(request) : fault;
}

/// "3 1 2": the cids in the order of the answer.
std::string order(const char* text, const std::vector<connection_snapshot>& all) {
  std::string out;
  auto answer = ask(text, all);
  for (const auto& each : answer["connections"])
    out += (out.empty() ? "" : " ") + each["cid"].dump();
  return out;
}

connection_snapshot closed(uint64_t cid, std::chrono::seconds after, const char* reason) {
  auto out = client(cid);
  out.stop = noon() + after;
  out.reason = reason;
  return out;
}

json subs(const char* text) {
  std::string fault;
  auto request = read_subsz_request(query{text}, fault);
  if (!fault.empty())
    return fault;
  return subsz(request, "NSERVER", noon(), {},
               {{"A", "foo.*", "q1", "2", 0, 0, 8}, {"$G", "bar", "", "1", 4, 9, 6}});
}

} // namespace

TEST_CASE("a subject finds the open connections that want something of it, of an account") {
  auto here = client(1), wide = client(2), other = client(3);
  here.subscription_list = {{"A", "foo.bar", "", "1", 0, 0, 1}};
  wide.subscription_list = {{"A", "x", "", "1", 0, 0, 2}, {"A", "foo.>", "q", "2", 0, 0, 2}};
  other.subscription_list = {{"A", "bar", "", "1", 0, 0, 3}};
  std::vector<connection_snapshot> all{here, wide, other, closed(4, 1s, "Client Closed")};
  for (auto& each : all)
    each.account = "A";
  auto found = [&](const char* subject) {
    connz_request request;
    request.account = "A";
    request.subject = subject;
    request.state = connection_state::any;
    CHECK(fault_of(request).empty());
    CHECK(needed_for(request).subscriptions);
    std::string out;
    auto answer = connz(request, "NSERVER", noon() + 10s, all);
    CHECK(answer["total"] == answer["num_connections"]);
    for (const auto& each : answer["connections"]) {
      CHECK_FALSE(each.contains("subscriptions_list"));
      out += each["cid"].dump();
    }
    return out;
  };
  CHECK(found("foo.bar") == "124");
  CHECK(found("foo.*") == "124");
  CHECK(found("bar") == "34");
  CHECK(found("none") == "4");
  connz_request everywhere;
  everywhere.subject = "foo";
  CHECK(fault_of(everywhere) == "filter by subject only valid with account filtering");
}

TEST_CASE("a plain client shows the keys of the reference in its order") {
  auto one = client(6);
  one.name = "app";
  one.lang = "py";
  one.version = "0.0.1";
  one.rtt = 734us;
  one.user = "a";
  auto out = ask("", {one});
  CHECK(keys(out) == "server_id now num_connections total offset limit connections");
  CHECK(out["limit"] == 1024);
  auto shown = out["connections"][0];
  CHECK(keys(shown)
        == "cid kind type ip port start last_activity rtt uptime idle pending_bytes in_msgs "
           "out_msgs in_bytes out_bytes subscriptions name lang version");
  CHECK(shown["kind"] == "Client");
  CHECK(shown["rtt"] == "734µs");
  CHECK(shown["uptime"] == "10s");
  CHECK(shown["idle"] == "8s");
}

TEST_CASE("auth adds the user, the account unless it is the global one, and the certificate") {
  auto one = client(5);
  one.user = "u";
  one.stalls = 2;
  one.tls_version = "1.3";
  one.tls_cipher = "TLS_AES_128_GCM_SHA256";
  one.tls_first = true;
  one.certificate_subject = "CN=localhost";
  one.certificate_spki = "4e";
  one.certificate_sha256 = "90";
  auto shown = ask("auth=1", {one})["connections"][0];
  CHECK(keys(shown)
        == "cid kind type ip port start last_activity rtt uptime idle pending_bytes in_msgs "
           "out_msgs in_bytes out_bytes stalls subscriptions tls_version tls_cipher_suite "
           "tls_peer_certs tls_first authorized_user name_tag");
  CHECK(shown["tls_peer_certs"].dump()
        == R"([{"subject":"CN=localhost","spki_sha256":"4e","cert_sha256":"90"}])");
  CHECK(shown["name_tag"] == "$G");
  one.account = "A";
  CHECK(ask("auth=1", {one})["connections"][0]["account"] == "A");
  CHECK_FALSE(ask("", {one})["connections"][0].contains("tls_peer_certs"));
}

TEST_CASE("a closed connection's time ends when it closed") {
  auto shown = ask("state=closed&auth=1", {closed(7, 65s, "Client Closed")})["connections"][0];
  CHECK(shown["reason"] == "Client Closed");
  CHECK(shown["uptime"] == "1m5s");
  CHECK(shown["idle"] == "1m3s");
  CHECK(shown.contains("stop"));
  CHECK_FALSE(shown.contains("name_tag"));
  auto tenant = closed(8, 65s, "Client Closed");
  tenant.account = "A";
  CHECK(ask("state=closed&auth=1", {tenant})["connections"][0]["name_tag"] == "A");
}

TEST_CASE("subscriptions are listed as subjects or in detail") {
  auto one = client(6);
  one.subscription_list = {{"A", "foo.*", "q", "1", 3, 10, 6}};
  CHECK(ask("subs=1", {one})["connections"][0]["subscriptions_list"].dump() == R"(["foo.*"])");
  CHECK(ask("subs=detail", {one})["connections"][0]["subscriptions_list_detail"].dump()
        == R"([{"subject":"foo.*","qgroup":"q","sid":"1","msgs":3,"max":10,"cid":6}])");
  one.stop = noon() + 5s;
  one.reason = "Client Closed";
  auto list = ask("state=closed&subs=detail", {one})["connections"][0];
  CHECK(keys(list["subscriptions_list_detail"][0])
        == "account account_tag subject qgroup sid msgs max cid");
  CHECK_FALSE(ask("", {one})["connections"][0].contains("subscriptions_list"));
}

TEST_CASE("every sort key orders as the reference does, and ties go by cid") {
  std::vector<connection_snapshot> all{client(3), client(1), client(2)};
  auto& low = all[0];
  auto& high = all[1];
  low.start = noon() - 60s;
  low.last_activity = noon() - 50s;
  low.rtt = 1ms;
  high.rtt = 9ms;
  high.last_activity = noon() + 9s;
  high.subscriptions = 5;
  high.pending_bytes = 5;
  high.in_messages = high.out_messages = high.in_bytes = high.out_bytes = 5;
  CHECK(order("", all) == "1 2 3");
  CHECK(order("sort=cid", all) == "1 2 3");
  CHECK(order("sort=start", all) == "3 1 2");
  for (const auto* key : {"sort=subs", "sort=pending", "sort=msgs_to", "sort=msgs_from",
                          "sort=bytes_to", "sort=bytes_from", "sort=last"})
    CHECK_MESSAGE(order(key, all) == "1 2 3", std::string{key});
  CHECK(order("sort=idle", all) == "3 2 1");
  CHECK(order("sort=uptime", all) == "1 2 3");
  CHECK(order("sort=rtt", all) == "1 3 2");
}

TEST_CASE("closed connections sort by the latest stop and by reason") {
  std::vector<connection_snapshot> all{closed(1, 5s, "Stale Connection"),
                                       closed(2, 9s, "Client Closed")};
  CHECK(order("state=closed&sort=stop", all) == "2 1");
  CHECK(order("state=closed&sort=reason", all) == "2 1");
}

TEST_CASE("pages cut the list and leave the total alone") {
  std::vector<connection_snapshot> all{client(1), client(2), client(3)};
  CHECK(order("limit=2", all) == "1 2");
  CHECK(order("offset=2&limit=2", all) == "3");
  CHECK(order("offset=9", all) == "");
  CHECK(order("limit=-1&offset=-5", all) == "1 2 3");
  auto out = ask("offset=1&limit=1", all);
  CHECK(out["num_connections"] == 1);
  CHECK(out["total"] == 3);
  CHECK(ask("offset=9", all)["connections"].dump() == "[]");
}

TEST_CASE("an account narrows the total; a user and a cid do not") {
  std::vector<connection_snapshot> all{client(1), client(2)};
  all[0].account = "A";
  all[1].user = "v";
  CHECK(ask("acc=A", all)["total"] == 1);
  CHECK(ask("user=v", all)["total"] == 2);
  CHECK(order("user=v", all) == "2");
  auto one = ask("cid=2&limit=50", all);
  CHECK(one["total"] == 2);
  CHECK(one["limit"] == 1);
  CHECK(one["num_connections"] == 1);
  CHECK(ask("cid=99", all)["connections"].dump() == "[]");
}

TEST_CASE("an unknown account is answered with null instead of a list") {
  auto out = connz_of_unknown_account({}, noon());
  CHECK(out["connections"].is_null());
  CHECK(out["server_id"] == "");
}

TEST_CASE("a state is asked for in any case, and asked of the broker as such") {
  auto needed = [](const char* text) {
    std::string fault;
    auto wanted = needed_for(read_connz_request(query{text}, fault));
    return std::string{wanted.open ? "open " : ""} + (wanted.closed ? "closed " : "")
           + (wanted.subscriptions ? "subs" : "") + wanted.account;
  };
  CHECK(needed("") == "open ");
  CHECK(needed("state=ANY&subs=1") == "open closed subs");
  CHECK(needed("state=all") == "open closed ");
  CHECK(needed("state=Closed") == "closed ");
  CHECK(needed("acc=A") == "open A"); // what others have is not even gathered
}

TEST_CASE("wrong connz options are refused in the reference's words, the first one only") {
  CHECK(fault_of("sort=zz") == "invalid sorting option: zz");
  CHECK(fault_of("sort=CID") == "invalid sorting option: CID");
  CHECK(fault_of("sort=stop") == "sort by stop only valid on closed connections");
  CHECK(fault_of("sort=reason&state=any") == "sort by reason only valid on closed connections");
  CHECK(fault_of("state=zz") == "Error decoding state for zz");
  CHECK(fault_of("cid=-1")
        == "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"-1\": invalid syntax");
  CHECK(fault_of("limit=x&sort=zz&cid=x&auth=q")
        == "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"q\": invalid syntax");
  CHECK(fault_of("subs=Detail&state=OPEN&sort=") == "");
}

TEST_CASE("subsz lists only if it is asked to, with the account of each subscription") {
  auto out = subs("");
  CHECK(keys(out)
        == "server_id now num_subscriptions num_cache num_inserts num_removes num_matches "
           "cache_hit_rate max_fanout avg_fanout total offset limit");
  CHECK(out["total"] == 0);
  out = subs("subs=1");
  CHECK(out["total"] == 2);
  CHECK(out["subscriptions_list"][0].dump()
        == R"({"account":"A","account_tag":"A","subject":"foo.*","qgroup":"q1","sid":"2",)"
           R"("msgs":0,"cid":8})");
  CHECK(out["subscriptions_list"][1]["max"] == 9);
}

TEST_CASE("subsz's test subject filters the list, its page does not change the total") {
  CHECK(subs("subs=1&test=foo.x")["total"] == 1);
  auto out = subs("subs=1&offset=1&limit=1");
  CHECK(out["total"] == 2);
  CHECK(out["subscriptions_list"].size() == 1);
  CHECK_FALSE(subs("subs=1&offset=5").contains("subscriptions_list"));
}

TEST_CASE("wrong subsz options are refused in the reference's words") {
  CHECK(subs("test=foo.*") == "invalid test subject, must be valid publish subject: foo.*");
  CHECK(subs("subs=detail")
        == "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"detail\": invalid "
           "syntax");
  CHECK(subs("offset=x")
        == "Error decoding int for 'offset': strconv.Atoi: parsing \"x\": invalid syntax");
}
