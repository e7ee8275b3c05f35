// test/monitor/linkz_test.cpp: what /routez and /varz tell of a cluster.
#include "monitor/linkz.hpp"
#include "monitor/query.hpp"
#include "monitor/varz.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::monitor;
using namespace std::chrono_literals;

namespace {

actors::route_snapshot route() {
  actors::route_snapshot out;
  out.rid = 7;
  out.remote_id = "NPEER";
  out.remote_name = "n2";
  out.solicited = true;
  out.ip = "127.0.0.1";
  out.port = 6222;
  out.start = out.last_activity = test::noon();
  out.rtt = 266us;
  out.subscriptions = 1;
  out.subscription_list.push_back({"A", "foo", "q", "R A foo q", 0, 0, 7});
  return out;
}

} // namespace

TEST_CASE("a route is told with the keys that exporters read, in their order") {
  auto server = test::server();
  server.options.cluster.export_.deny = {"secret"};
  routez_request detail{subscription_detail::full};
  auto all = routez(server, {route()}, detail, test::noon() + 10s);
  CHECK(test::keys(all) == "server_id server_name now export num_routes routes");
  CHECK(all["num_routes"] == 1);
  const auto& one = all["routes"][0];
  CHECK(test::keys(one)
        == "rid remote_id remote_name did_solicit is_configured ip port start last_activity rtt "
           "uptime idle export pending_size in_msgs out_msgs in_bytes out_bytes subscriptions "
           "subscriptions_list_detail compression");
  CHECK(one["rtt"] == "266µs");
  CHECK(one["uptime"] == "10s");
  CHECK(one["subscriptions_list_detail"][0]["sid"] == "R A foo q");
  CHECK(one["export"].dump() == "{\"deny\":[\"secret\"]}");
  auto subjects = routez(server, {route()}, {subscription_detail::subjects}, test::noon());
  CHECK(subjects["routes"][0]["subscriptions_list"].dump() == "[\"foo\"]");
  CHECK_FALSE(
      routez(server, {route()}, {}, test::noon())["routes"][0].contains("subscriptions_list"));
}

TEST_CASE("the question for routes is judged") {
  std::string fault;
  CHECK(read_routez_request(query{"subs=detail"}, fault).subscriptions
        == subscription_detail::full);
  CHECK(read_routez_request(query{"subs=1"}, fault).subscriptions == subscription_detail::subjects);
  CHECK(fault.empty());
  read_routez_request(query{"subs=perhaps"}, fault);
  CHECK_FALSE(fault.empty());
}

TEST_CASE("varz tells of the cluster, and of nothing where there is none") {
  auto alone = varz(test::server(), {});
  CHECK(alone["cluster"].empty());
  CHECK_FALSE(alone.contains("connect_urls"));
  auto server = test::server();
  server.cluster_name = "C1";
  server.cluster_port = 6222;
  server.connect_urls = {"a:4222", "b:4222"};
  server.routes = server.remotes = 2;
  config::peer_url url;
  url.host = "::1";
  url.port = 6223;
  url.user = "mesh";
  url.password = "secret";
  server.options.cluster.routes = {url};
  auto member = varz(server, {});
  CHECK(test::keys(member["cluster"])
        == "name addr cluster_port auth_timeout urls tls_timeout pool_size");
  CHECK(member["cluster"]["urls"].dump() == "[\"[::1]:6223\"]");
  CHECK(member["routes"] == 2);
  CHECK(member["connect_urls"].size() == 2);
  CHECK(member.dump().find("secret") == std::string::npos);
  auto site = test::server(); // one server, with a gateway
  site.options.gateway.name = "G2";
  CHECK(varz(site, {})["cluster"].dump() == R"({"name":"G2"})");
}

namespace {

actors::gateway_snapshot gateway(uint64_t gid, const std::string& cluster, bool outbound) {
  actors::gateway_snapshot out;
  out.gid = gid;
  out.cluster = cluster;
  out.outbound = out.configured = outbound;
  out.remote_id = "NPEER";
  out.ip = "127.0.0.1";
  out.port = 7222;
  out.start = test::noon();
  out.last_activity = test::noon();
  out.accounts = {{"A", 2, 1, {{"A", "foo", "", "", 0, 0, gid}, {"A", "bar", "q", "", 0, 0, gid}}},
                  {"B", 1, 0, {}}};
  return out;
}

server_facts member_of_g1() {
  auto out = test::server();
  out.options.gateway.name = "G1";
  out.options.gateway.host = "0.0.0.0";
  out.options.gateway.port = -1;
  out.gateway_port = 7222;
  return out;
}

} // namespace

TEST_CASE("gateways are listed by the cluster they lead to, one way and the other") {
  auto none = gatewayz(test::server(), {}, {}, test::noon());
  CHECK(test::keys(none) == "server_id now outbound_gateways inbound_gateways");
  std::vector<actors::gateway_snapshot> links{gateway(5, "G2", true), gateway(6, "G2", false),
                                              gateway(7, "G2", false), gateway(8, "G3", true)};
  auto all = gatewayz(member_of_g1(), links, {}, test::noon());
  CHECK(all["name"] == "G1");
  CHECK_MESSAGE(all["port"] == 7222, "the one it really has");
  CHECK(all["outbound_gateways"].size() == 2);
  CHECK(all["inbound_gateways"]["G2"].size() == 2);
  const auto& one = all["outbound_gateways"]["G2"];
  CHECK(test::keys(one) == "configured connection");
  CHECK(one["configured"] == true);
  CHECK(test::keys(one["connection"])
        == "cid kind ip port start last_activity rtt uptime idle pending_bytes in_msgs out_msgs "
           "in_bytes out_bytes subscriptions name");
  CHECK(one["connection"]["kind"] == "Gateway");
  CHECK(one["connection"]["name"] == "NPEER");
  auto some = gatewayz(member_of_g1(), links, {"G3", true, "A", {}}, test::noon());
  CHECK(some["inbound_gateways"].empty());
  CHECK(some["outbound_gateways"].size() == 1);
  CHECK(some["outbound_gateways"]["G3"]["accounts"].dump()
        == R"([{"name":"A","interest_mode":"Interest-Only","interest_only_threshold":1000,)"
           R"("num_subs":2,"num_queue_subs":1}])");
}

TEST_CASE("what a gateway wants in an account is listed by subjects, or in detail") {
  std::vector<actors::gateway_snapshot> links{gateway(5, "G2", true)};
  auto accounts_of = [&](subscription_detail detail) {
    auto all = gatewayz(member_of_g1(), links, {"", true, "A", detail}, test::noon());
    return all["outbound_gateways"]["G2"]["accounts"][0];
  };
  CHECK(accounts_of(subscription_detail::subjects)["subscriptions_list"].dump()
        == R"(["foo","bar"])");
  CHECK(accounts_of(subscription_detail::full)["subscriptions_list_detail"].dump()
        == R"([{"subject":"foo","sid":"","msgs":0,"cid":5},)"
           R"({"subject":"bar","qgroup":"q","sid":"","msgs":0,"cid":5}])");
}

TEST_CASE("the question for gateways is judged") {
  std::string fault;
  auto what = read_gatewayz_request(query{"gw_name=G2&acc_name=A"}, fault);
  CHECK(what.cluster == "G2");
  CHECK(what.account == "A");
  CHECK(what.accounts);
  CHECK_FALSE(read_gatewayz_request(query{""}, fault).accounts);
  CHECK(read_gatewayz_request(query{"accs=1"}, fault).accounts);
  CHECK(read_gatewayz_request(query{"subs=1"}, fault).subscriptions
        == subscription_detail::subjects);
  CHECK(read_gatewayz_request(query{"subs=detail"}, fault).subscriptions
        == subscription_detail::full);
  CHECK(fault.empty());
  read_gatewayz_request(query{"accs=perhaps"}, fault);
  CHECK_FALSE(fault.empty());
}

TEST_CASE("varz tells of gateways what is configured, without users and passwords") {
  CHECK(varz(test::server(), {})["gateway"].empty());
  auto server = member_of_g1();
  auto& own = server.options.gateway;
  own.authorization.user = "gate";
  own.authorization.password = "secret";
  own.reject_unknown = true;
  own.write_deadline = std::chrono::seconds{3};
  own.write_timeout = "close";
  config::peer_url url;
  url.host = "::1";
  url.port = 7223;
  url.user = "tokyo";
  url.password = "secret";
  own.remotes = {{"G2", {url}, {}, false}};
  auto out = varz(server, {});
  CHECK(out["gateway"].dump()
        == R"({"name":"G1","host":"0.0.0.0","port":7222,"auth_timeout":2,"tls_timeout":2,)"
           R"("gateways":[{"name":"G2","urls":["[::1]:7223"]}],"reject_unknown":true,)"
           R"("write_deadline":3000000000,"write_timeout":"close"})");
  CHECK(out.dump().find("secret") == std::string::npos);
}
