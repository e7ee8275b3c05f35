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
  CHECK(test::keys(member["cluster"]) == "name addr cluster_port auth_timeout urls tls_timeout");
  CHECK(member["cluster"]["urls"].dump() == "[\"[::1]:6223\"]");
  CHECK(member["routes"] == 2);
  CHECK(member["connect_urls"].size() == 2);
  CHECK(member.dump().find("secret") == std::string::npos);
}
