// test/monitor/events_test.cpp: what is said in the system account, to whom, and when.
#include "monitor/events.hpp"
#include "test/monitor/system_world.hpp"

#include <set>

using namespace troupe;
using namespace troupe::monitor;
using namespace std::chrono_literals;
using actors::happening;
using monitor::test::client;
using monitor::test::keys;
using monitor::test::noon;
using monitor::test::system_world;
using json = nlohmann::ordered_json;

namespace {

actors::connection_snapshot app() {
  auto out = client(8);
  out.account = "A";
  out.user = "a";
  out.name = "appA";
  out.lang = "py";
  out.version = "0.0.1";
  out.rtt = 321us;
  out.in_messages = 3;
  out.in_bytes = 30;
  out.out_messages = 1;
  out.out_bytes = 5;
  return out;
}

} // namespace

TEST_CASE("a connect event has the keys of the reference in its order") {
  auto out = connect_event({"ID", noon()}, json::object(), app(), "Label");
  CHECK(keys(out) == "type id timestamp server client");
  CHECK(out["type"] == "io.nats.server.advisory.v1.client_connect");
  CHECK(out["timestamp"] == "2026-11-23T16:01:08Z");
  CHECK(keys(out["client"]) == "start host id acc user name lang ver name_tag kind client_type");
  CHECK(out["client"]["name_tag"] == "Label");
}

TEST_CASE("a disconnect event counts from the client's point of view and says why") {
  auto who = app();
  who.stop = noon() + 5s;
  who.reason = "Client Closed";
  auto out = disconnect_event({"ID", noon()}, json::object(), who, "A");
  CHECK(keys(out) == "type id timestamp server client sent received reason");
  CHECK(keys(out["client"])
        == "start host id acc user name lang ver rtt stop name_tag kind client_type");
  CHECK(out["client"]["rtt"] == 321000);
  CHECK(out["sent"].dump() == R"({"msgs":3,"bytes":30})");
  CHECK(out["received"].dump() == R"({"msgs":1,"bytes":5})");
  CHECK(out["reason"] == "Client Closed");
}

TEST_CASE("who never said CONNECT has no empty keys") {
  auto out = connect_event(new_event(), json::object(), client(8), "$G");
  CHECK(keys(out["client"]) == "start host id acc name_tag kind client_type");
  CHECK(out["id"].get<std::string>().size() == 22);
}

TEST_CASE("an account's count has the account's point of view") {
  actors::account_snapshot figures;
  figures.name = "A";
  figures.connections = 2;
  figures.out_messages = 12;
  auto out = account_connections_event({"ID", noon()}, json::object(), figures, "A");
  CHECK(keys(out)
        == "type id timestamp server acc name conns leafnodes total_conns num_subscriptions sent "
           "received slow_consumers");
  CHECK(keys(out["sent"]) == "msgs bytes gateways routes leafs");
  CHECK(out["sent"]["msgs"] == 12);
}

TEST_CASE("a server names its cluster, also one whose name is made up, or itself as a leaf node") {
  config::options facing;
  facing.server_name = "n1";
  auto cluster = [&](const std::string& made_up) {
    server_card card{"ID", facing, [&] { return made_up; }};
    return card.next().value("cluster", "none");
  };
  CHECK(cluster("") == "none");
  CHECK(cluster("RANDOM") == "RANDOM");
  facing.leafnodes.remotes.emplace_back();
  CHECK(cluster("") == "n1");
  facing.cluster.port = 6222;
  CHECK(cluster("RANDOM") == "RANDOM");
  facing.gateway.name = "G1";
  CHECK(cluster("") == "G1");
  facing.cluster_name = "C1";
  CHECK(cluster("") == "C1");
  server_filter others;
  others.cluster = "RAND";
  CHECK_FALSE(server_card{"ID", facing}.passes(others));
  config::options nameless;
  CHECK(server_card{"ID", nameless, [] { return "RANDOM"; }}.passes(others));
}

TEST_CASE("figures of a server that stands alone have the keys of the reference") {
  auto facts = monitor::test::server();
  auto out = statistics(facts.figures, {}, 2, {}, {});
  CHECK(keys(out)
        == "start mem cores cpu connections total_connections active_accounts subscriptions sent "
           "sent_to_clients received received_from_clients slow_consumers active_servers "
           "gomaxprocs");
  facts.figures.slow_consumers = 1;
  CHECK(statistics(facts.figures, {}, 2, {}, {})["slow_consumer_stats"]["clients"] == 1);
}

TEST_CASE("figures of a member of a cluster list its routes and count the servers behind them") {
  actors::route_snapshot route;
  route.rid = 7;
  route.remote_id = "NPEER";
  route.remote_name = "n2";
  route.out_messages = 3;
  route.in_bytes = 40;
  route.pending_bytes = 5;
  auto another = route; // pooled: the same server
  auto out = statistics(monitor::test::server().figures, {}, 2, {route, another}, {});
  CHECK(out["routes"].size() == 2);
  CHECK(out["routes"][0].dump()
        == R"({"rid":7,"name":"n2","sent":{"msgs":3,"bytes":0},)"
           R"("received":{"msgs":0,"bytes":40},"pending":5})");
  CHECK(out["active_servers"] == 2);
}

TEST_CASE("a server counts each other one once, whether a link leads to it or it was heard of") {
  actors::route_snapshot route;
  route.remote_id = "NMEMBER";
  actors::gateway_snapshot gateway;
  gateway.remote_id = "NFAR";
  actors::gateway_snapshot silent; // it has not said yet who it is
  auto count = [&](const std::vector<std::string>& heard_of) {
    auto figures = statistics(monitor::test::server().figures, {}, 2, {route},
                              {gateway, gateway, silent}, heard_of);
    return figures["active_servers"].get<int>();
  };
  CHECK(count({}) == 3);
  CHECK(count({"NMEMBER", "NFAR", "NFARTHER"}) == 4);
}

TEST_CASE("figures of gateways are summed over all connections from the same cluster") {
  actors::gateway_snapshot out;
  out.gid = 12;
  out.cluster = "G2";
  out.outbound = true;
  out.out_messages = 6;
  out.out_bytes = 60;
  actors::gateway_snapshot in;
  in.cluster = "G2";
  in.in_messages = 2;
  in.in_bytes = 20;
  auto stranger = in;
  stranger.cluster = "G3";
  auto figures = statistics(monitor::test::server().figures, {}, 2, {}, {out, in, in, stranger});
  CHECK(figures["gateways"].dump()
        == R"([{"gwid":12,"name":"G2","sent":{"msgs":6,"bytes":60},)"
           R"("received":{"msgs":4,"bytes":40},"inbound_connections":2}])");
}

TEST_CASE_FIXTURE(system_world, "a login is announced under its account's name") {
  auto& ears = listener("$SYS.ACCOUNT.*.CONNECT");
  note(happening::connected, accounts.named("A"), app());
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].subject == "$SYS.ACCOUNT.A.CONNECT");
  CHECK(events[0].body["server"]["name"] == "n1");
  CHECK(events[0].body["server"]["tags"].dump() == R"(["az:1","rack:b"])");
  CHECK(events[0].body["client"]["acc"] == "A");
}

TEST_CASE_FIXTURE(system_world,
                  "other clusters hear that an account has a leaf node, once there are gateways") {
  auto& ears = listener("$SYS.ACCOUNT.*.LEAFNODE.CONNECT");
  auto leaf = app();
  leaf.leafnode = true;
  note(happening::connected, accounts.named("A"), leaf);
  CHECK(heard(ears).empty());
  on.gateways = true;
  note(happening::connected, accounts.named("A"), app());
  note(happening::kept, accounts.named("A"), leaf); // it was there before
  note(happening::disconnected, accounts.named("A"), leaf);
  CHECK(heard(ears).empty());
  note(happening::connected, accounts.named("A"), leaf);
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].subject == "$SYS.ACCOUNT.A.LEAFNODE.CONNECT");
  CHECK(keys(events[0].body) == "server acc");
  CHECK(events[0].body["acc"] == "A");
  CHECK(events[0].body["server"]["name"] == "n1");
}

TEST_CASE_FIXTURE(system_world, "a refused login is also told to the account it was refused in") {
  auto tenant = accounts.named("A");
  auto& ears = listener("$SYS.SERVER.*.CLIENT.AUTH.ERR");
  auto& ears_there = join();
  REQUIRE(tenant->interests.insert(protocol::make_ref<actors::subscription>(
      tenant->interests.share_text("$SYS.ACCOUNT.CLIENT.AUTH.ERR"), "7", ears_there.dest)));
  note(happening::refused, tenant, app());
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].subject == "$SYS.SERVER.NSERVER.CLIENT.AUTH.ERR");
  CHECK(events[0].body["type"] == "io.nats.server.advisory.v1.client_disconnect");
  auto told = heard(ears_there);
  REQUIRE(told.size() == 1);
  CHECK(told[0].body["id"] == events[0].body["id"]);
  note(happening::refused, tenant, app(), "not her");
  events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].body["reason"] != "not her");
  told = heard(ears_there); // an auth callout's word is for its account
  REQUIRE(told.size() == 1);
  CHECK(told[0].body["reason"] == "not her");
  CHECK(told[0].body["client"]["acc"] == "A");
}

TEST_CASE_FIXTURE(system_world, "an account's count goes out on the old subject first, as one") {
  auto& ears = listener("$SYS.>");
  self->send(announcer, atom::counted_v, accounts.named("A"), int64_t{3});
  auto events = heard(ears);
  REQUIRE(events.size() == 2);
  CHECK(events[0].subject == "$SYS.SERVER.ACCOUNT.A.CONNS");
  CHECK(events[1].subject == "$SYS.ACCOUNT.A.SERVER.CONNS");
  CHECK(events[0].body["id"] == events[1].body["id"]);
  CHECK(events[0].body["conns"] == 3);
  CHECK(events[0].body["server"]["seq"] < events[1].body["server"]["seq"]);
}

TEST_CASE_FIXTURE(system_world, "a count is repeated while an account has connections") {
  auto& ears = listener("$SYS.ACCOUNT.*.SERVER.CONNS");
  auto tenant = accounts.named("A");
  tenant->connections = 1;
  self->send(announcer, atom::counted_v, tenant, int64_t{1});
  CHECK(heard(ears).size() == 1);
  auto pass = [&](int halves) {
    for (int i = 0; i < halves; ++i) {
      sched.advance_time(5s);
      sched.run();
    }
    return heard(ears).size();
  };
  CHECK(pass(5) == 0);
  CHECK(pass(2) == 1);
  tenant->connections = 0;
  CHECK(pass(14) == 0);
}

TEST_CASE_FIXTURE(system_world, "leaf nodes are counted apart from clients, and with them") {
  auto& ears = listener("$SYS.ACCOUNT.*.SERVER.CONNS");
  auto tenant = accounts.named("A");
  tenant->leafnodes = 2;
  self->send(announcer, atom::counted_v, tenant, int64_t{3});
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].body["conns"] == 3);
  CHECK(events[0].body["leafnodes"] == 2);
  CHECK(events[0].body["total_conns"] == 5);
}

TEST_CASE_FIXTURE(system_world, "figures are broadcast only while somebody hears them") {
  auto pass = [&](std::chrono::milliseconds time) {
    sched.advance_time(time);
    sched.run();
  };
  pass(250ms);
  pass(500ms);
  auto& ears = listener("$SYS.SERVER.*.STATSZ");
  for (int i = 0; i < 30; ++i)
    pass(1s);
  auto events = heard(ears);
  REQUIRE(events.size() >= 4);
  CHECK(events.size() <= 7);
  CHECK(events[0].body["server"]["seq"] == 1); // nothing was made for nobody
  CHECK(keys(events[0].body) == "server statsz");
}

TEST_CASE_FIXTURE(system_world, "behind LAMEDUCK nothing is said, not even SHUTDOWN") {
  auto& ears = listener("$SYS.>");
  self->send(announcer, atom::leaving_v);
  note(happening::connected, accounts.named("A"), app());
  CHECK(ask<bool>(announcer, atom::farewell_v));
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].subject == "$SYS.SERVER.NSERVER.LAMEDUCK");
  CHECK(events[0].body["id"] == "NSERVER");
}

TEST_CASE_FIXTURE(system_world, "SHUTDOWN is the last that is said") {
  auto& ears = listener("$SYS.SERVER.*.SHUTDOWN");
  CHECK(ask<bool>(announcer, atom::farewell_v));
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].body["name"] == "n1");
}
