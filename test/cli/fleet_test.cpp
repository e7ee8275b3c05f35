// test/cli/fleet_test.cpp: what `troupe report` and `troupe super` make of the brokers' answers.
#include "command_run.hpp"

#include "cli/fleet_tree.hpp"
#include "cli/link_report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe::cli;
using nlohmann::json;
using troupe::test::has;

namespace {

json answer(const char* name, const char* id, const char* cluster, json data) {
  return {{"server", {{"name", name}, {"id", id}, {"cluster", cluster}, {"ver", "2.9.10"}}},
          {"data", std::move(data)}};
}

json varz(const char* cluster, int port, bool troupe) {
  json out{{"host", "127.0.0.1"},
           {"port", port},
           {"connections", 1},
           {"uptime", "3s"},
           {"cluster", {{"name", cluster}}},
           {"gateway", {{"name", cluster}}}};
  if (troupe)
    out["troupe"] = "0.1.0";
  return out;
}

json route_to(const char* id) {
  return {{"rid", 5},       {"remote_id", id},  {"did_solicit", true}, {"ip", "::1"},
          {"port", 6222},   {"rtt", "40us"},    {"pending_size", 0},   {"in_msgs", 12345},
          {"out_msgs", 1},  {"in_bytes", 2048}, {"out_bytes", 10},     {"subscriptions", 7},
          {"pool_index", 0}};
}

json gateway_to(const char* id) {
  return {{"configured", true},
          {"connection", {{"name", id}, {"ip", "10.0.0.1"}, {"port", 7222}, {"rtt", "90ms"}}}};
}

/// Two brokers in New York that know each other, and one in Tokyo that New York's second has no
/// gateway to.
fleet_answers super_cluster() {
  fleet_answers out;
  out.varz = {answer("ny1", "A", "NewYork", varz("NewYork", 4222, true)),
              answer("ny2", "B", "NewYork", varz("NewYork", 4223, false)),
              answer("tk1", "C", "Tokyo", varz("Tokyo", 4224, false))};
  out.routez = {answer("ny1", "A", "NewYork", {{"routes", {route_to("B"), route_to("B")}}}),
                answer("ny2", "B", "NewYork", {{"routes", {route_to("A")}}}),
                answer("tk1", "C", "Tokyo", {{"routes", json::array()}})};
  out.gatewayz = {
      answer("ny1", "A", "NewYork",
             {{"name", "NewYork"},
              {"outbound_gateways", {{"Tokyo", gateway_to("C")}}},
              {"inbound_gateways", {{"Tokyo", {gateway_to("C")}}}}}),
      answer("ny2", "B", "NewYork", {{"name", "NewYork"}}),
      answer("tk1", "C", "Tokyo",
             {{"name", "Tokyo"}, {"outbound_gateways", {{"NewYork", gateway_to("A")}}}})};
  out.leafz = {answer("tk1", "C", "Tokyo",
                      {{"leafs",
                        {{{"name", "factory"},
                          {"is_spoke", false},
                          {"account", "OPS"},
                          {"ip", "10.0.0.9"},
                          {"port", 4000},
                          {"rtt", "2ms"}}}}})};
  return out;
}

} // namespace

TEST_CASE("a super cluster is drawn by clusters, brokers and what hangs on each") {
  CHECK(draw_fleet(super_cluster()).text
        == "NewYork  2 brokers\n"
           "├─ ny1  127.0.0.1:4222  troupe 0.1.0  1 client, routes to 1 member, up 3s\n"
           "│  └─ gateway Tokyo at tk1, rtt 90ms\n"
           "└─ ny2  127.0.0.1:4223  nats-server 2.9.10  1 client, routes to 1 member, up 3s\n"
           "Tokyo  1 broker\n"
           "└─ tk1  127.0.0.1:4224  nats-server 2.9.10  1 client, up 3s\n"
           "   ├─ gateway NewYork at ny1, rtt 90ms\n"
           "   └─ leaf node factory at 10.0.0.9:4000, account OPS, rtt 2ms\n");
}

TEST_CASE("each missing link of a super cluster is told, and nothing else") {
  auto some = super_cluster();
  CHECK(draw_fleet(some).gaps
        == std::vector<std::string>{"ny2 in cluster NewYork has no gateway to Tokyo"});
  some.routez[1]["data"]["routes"].clear();
  CHECK(fleet_document(some)["gaps"]
        == json{"ny2 has no route to ny1 in cluster NewYork",
                "ny2 in cluster NewYork has no gateway to Tokyo"});
}

TEST_CASE("a broker that others are linked to and that does not answer is told, once") {
  auto some = super_cluster();
  auto leave_out = [](std::vector<json>& answers, const char* id) {
    std::erase_if(answers, [&](const json& each) { return each["server"]["id"] == id; });
  };
  for (auto* answers : {&some.varz, &some.routez, &some.gatewayz, &some.leafz})
    leave_out(*answers, "C");
  CHECK(draw_fleet(some).gaps
        == std::vector<std::string>{"C in cluster Tokyo does not answer; ny1 has a gateway to it"});
  for (auto* answers : {&some.varz, &some.routez, &some.gatewayz})
    leave_out(*answers, "A");
  CHECK(draw_fleet(some).gaps
        == std::vector<std::string>{"A in cluster NewYork does not answer; ny2 has a route to it"});
}

TEST_CASE("a broker that answers only one question is drawn all the same") {
  fleet_answers one;
  one.leafz = {answer("a", "A", "", {{"leafs", json::array()}})};
  CHECK(has(draw_fleet(one).text, "(in no cluster)  1 broker\n└─ a  "));
}

TEST_CASE("links are listed with the names of the servers at their ends") {
  auto all = super_cluster();
  auto routes = route_table(all.routez);
  CHECK(has(routes,
            "ny1     NewYork  ny2   5    [::1]:6222  yes      0              40us  0        "
            "7     12.3k"));
  auto gateways = gateway_table(all.gatewayz);
  CHECK(has(gateways, "ny1     Tokyo    out  tk1   10.0.0.1:7222  90ms"));
  CHECK(has(gateways, "ny1     Tokyo    in   tk1 "));
  CHECK(has(leafnode_table(all.leafz), "tk1     factory   hub     OPS      10.0.0.9:4000  2ms"));
  CHECK(route_table({}).empty());
}

TEST_CASE("a round trip that no broker has measured is not told as none") {
  auto all = super_cluster();
  all.leafz[0]["data"]["leafs"][0]["rtt"] = "0s";
  CHECK(has(draw_fleet(all).text, "account OPS, rtt not measured yet\n"));
  CHECK_FALSE(has(leafnode_table(all.leafz), "0s"));
}

TEST_CASE("answers of another shape than expected make empty cells") {
  CHECK(route_table({answer("a", "A", "", {{"routes", "none"}})}).size() > 0);
  CHECK(gateway_table({answer("a", "A", "", {{"outbound_gateways", 5}})}).size() > 0);
  CHECK(draw_fleet({{json::array()}, {json{{"server", 1}}}, {}, {}}).gaps.empty());
}
