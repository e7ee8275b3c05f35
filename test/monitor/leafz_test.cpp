// test/monitor/leafz_test.cpp: what /leafz and /varz tell of leaf nodes.
#include "monitor/leafz.hpp"
#include "monitor/reports.hpp"
#include "monitor/varz.hpp"
#include "test/monitor/snapshots.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::monitor;
using namespace std::chrono_literals;

namespace {

actors::leaf_snapshot leaf() {
  actors::leaf_snapshot out;
  out.lid = 13;
  out.name = "l1";
  out.account = "A";
  out.ip = "127.0.0.1";
  out.port = 39828;
  out.rtt = 385us;
  out.subscriptions = 1;
  out.subscription_list = {"foo"};
  return out;
}

} // namespace

TEST_CASE("a leaf node is told with the keys that exporters read, in their order") {
  auto all = leafz("NUS", {leaf()}, {true, ""}, test::noon());
  CHECK(test::keys(all) == "server_id now leafnodes leafs");
  const auto& one = all["leafs"][0];
  CHECK(test::keys(one)
        == "id name is_spoke account ip port rtt in_msgs out_msgs in_bytes out_bytes "
           "subscriptions subscriptions_list compression");
  CHECK(one["rtt"] == "385µs");
  CHECK(one["subscriptions_list"].dump() == "[\"foo\"]");
  CHECK_FALSE(leafz("NUS", {leaf()}, {}, test::noon())["leafs"][0].contains("subscriptions_list"));
  CHECK(leafz("NUS", {leaf()}, {false, "B"}, test::noon())["leafnodes"] == 0);
  CHECK(leafz("NUS", {leaf()}, {false, "A"}, test::noon())["leafnodes"] == 1);
}

TEST_CASE("a leaf node is among the connections of its account, as the tools look for it there") {
  test::made_up_source from;
  from.leaf_links.push_back(leaf());
  from.leaf_links[0].version = "2.15.1";
  from.leaf_links[0].user = "u";
  from.clients.push_back(test::client(5));
  reports all{from};
  auto ask = [&](const char* text) {
    std::string fault;
    return all.connz(read_connz_request(query{text}, fault), fault);
  };
  CHECK(ask("")["num_connections"] == 2);
  CHECK(ask("state=closed")["num_connections"] == 0);
  auto answer = ask("acc=A&auth=1&subs=1");
  REQUIRE(answer["num_connections"] == 1);
  const auto& one = answer["connections"][0];
  CHECK(one["kind"] == "Leafnode");
  CHECK_FALSE(one.contains("type"));
  CHECK(one["cid"] == 13);
  CHECK(one["name"] == "l1");
  CHECK(one["authorized_user"] == "u");
  CHECK(one["subscriptions_list"].dump() == "[\"foo\"]");
  auto detail = ask("subs=detail")["connections"][1]["subscriptions_list_detail"][0];
  CHECK(detail.dump() == R"({"subject":"foo","sid":"foo","msgs":0,"cid":13})");
}

TEST_CASE("the settings of leaf nodes are told without passwords") {
  auto server = test::server();
  CHECK(leaf_settings(server).dump() == "{}");
  server.options.leafnodes.port = 7422;
  server.leafnode_port = 7422;
  config::leaf_remote remote;
  remote.urls.push_back({"nats-leaf", "hub", 7422, "leaf", "hush", ""});
  remote.deny_imports = {"x"};
  server.options.leafnodes.remotes.push_back(remote);
  auto told = leaf_settings(server);
  CHECK(test::keys(told) == "host port auth_timeout tls_timeout remotes");
  CHECK(told["remotes"][0].dump()
        == "{\"local_account\":\"$G\",\"urls\":[\"nats-leaf://hub:7422\"],\"deny\":{\"imports\":"
           "[\"x\"]}}");
  CHECK(told.dump().find("hush") == std::string::npos);
}

TEST_CASE("the question for leaf nodes is judged") {
  std::string fault;
  auto asked = read_leafz_request(query{"subs=1&acc=A"}, fault);
  CHECK(asked.subscriptions);
  CHECK(asked.account == "A");
  CHECK(fault.empty());
  read_leafz_request(query{"subs=maybe"}, fault);
  CHECK_FALSE(fault.empty());
}
