// test/monitor/services_test.cpp: what the system account answers, and what it does not.
#include "actors/link_destination.hpp"
#include "test/monitor/system_world.hpp"

using namespace troupe;
using namespace troupe::monitor;
using monitor::test::client;
using monitor::test::keys;
using monitor::test::system_world;
using json = nlohmann::ordered_json;

TEST_CASE_FIXTURE(system_world, "PING answers with figures, by name or without") {
  for (const auto* subject :
       {"$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.STATSZ", "$SYS.REQ.SERVER.NSERVER.STATSZ"}) {
    auto answer = request(subject);
    CHECK(keys(answer) == "server statsz");
    CHECK(answer["server"]["id"] == "NSERVER");
  }
  CHECK(publish({"$SYS.REQ.SERVER.NOTHER.STATSZ", ""}) == 0); // somebody else's
  CHECK(publish({"$SYS.REQ.SERVER.PING.NOSUCHZ", ""}) == 0);
}

TEST_CASE_FIXTURE(system_world, "an identity needs no envelope and reads no body") {
  CHECK(request("$SYS.REQ.SERVER.PING.IDZ", "no JSON").dump()
        == R"({"name":"n1","host":"127.0.0.1","id":"NSERVER"})");
}

TEST_CASE_FIXTURE(system_world, "each service answers in an envelope") {
  for (const auto* name : {"VARZ", "CONNZ", "SUBSZ", "HEALTHZ", "JSZ", "EXPVARZ", "IPQUEUESZ"}) {
    CAPTURE(name);
    CHECK(keys(request("$SYS.REQ.SERVER.PING." + std::string{name})) == "server data");
  }
  CHECK(request("$SYS.REQ.SERVER.PING.HEALTHZ")["data"].dump()
        == R"({"status":"ok","status_code":200})");
}

TEST_CASE_FIXTURE(system_world, "a filter that names others is not answered") {
  CHECK(request("$SYS.REQ.SERVER.PING.IDZ", R"({"server_name":"other"})").is_object());
  for (const auto* others :
       {R"({"server_name":"other"})", R"({"server_name":"n","exact_match":true})",
        R"({"host":"10."})", R"({"cluster":"C"})", R"({"tags":["az:1","az:2"]})",
        R"({"domain":"d"})"}) {
    CAPTURE(others);
    CHECK(request("$SYS.REQ.SERVER.PING.VARZ", others).is_null());
  }
  for (const auto* mine : {R"({"server_name":"n"})", R"({"SERVER_NAME":"n1","exact_match":true})",
                           R"({"tags":["AZ:1"]})", "null", R"({"unknown":[1]})"}) {
    CAPTURE(mine);
    CHECK(request("$SYS.REQ.SERVER.PING.VARZ", mine).is_object());
  }
}

TEST_CASE_FIXTURE(system_world, "a body that cannot be read is answered with 400 and no data") {
  for (const auto* bad : {"[1", "5", R"({"server_name":5})", R"({"auth":"yes"})", R"({"tags":"a"})",
                          R"({"limit":"9"})", R"({"state":"open"})"}) {
    CAPTURE(bad);
    auto answer = request("$SYS.REQ.SERVER.PING.CONNZ", bad);
    CHECK(keys(answer) == "server error");
    CHECK(answer["error"]["code"] == 400);
    CHECK(!answer["error"]["description"].get<std::string>().empty());
  }
}

TEST_CASE_FIXTURE(system_world, "what a service refuses is a 500 beside null") {
  auto answer = request("$SYS.REQ.SERVER.PING.CONNZ", R"({"sort":"zz"})");
  CHECK(keys(answer) == "server data error");
  CHECK(answer["data"].is_null());
  CHECK(answer["error"].dump() == R"({"code":500,"description":"invalid sorting option: zz"})");
}

TEST_CASE_FIXTURE(system_world, "an account's connections are those of the subject, not the body") {
  figures.clients = {client(6), client(8)};
  figures.clients[0].account = "A";
  auto answer = request("$SYS.REQ.ACCOUNT.A.CONNZ", R"({"acc":"$G","auth":true})");
  REQUIRE(answer["data"]["connections"].size() == 1);
  CHECK(answer["data"]["connections"][0]["cid"] == 6);
  auto unknown = request("$SYS.REQ.ACCOUNT.X.CONNZ");
  CHECK(unknown["data"]["server_id"] == "");
  CHECK(unknown["data"]["connections"].is_null());
}

TEST_CASE_FIXTURE(system_world, "accounts without connections keep silent unless they are asked") {
  accounts.named("A");
  CHECK(request("$SYS.REQ.ACCOUNT.A.STATZ").is_null());
  CHECK(request("$SYS.REQ.ACCOUNT.A.CONNS").is_null());
  CHECK(request("$SYS.REQ.ACCOUNT.X.STATZ", R"({"include_unused":true})").is_null());
  auto unused = request("$SYS.REQ.ACCOUNT.A.STATZ", R"({"include_unused":true})");
  REQUIRE(unused["data"]["account_statz"].size() == 1);
  CHECK(unused["data"]["account_statz"][0]["acc"] == "A");
  CHECK(
      request("$SYS.REQ.ACCOUNT.PING.STATZ", R"({"include_unused":true})")["data"]["account_statz"]
          .size()
      == 3);
  accounts.find("A")->leafnodes = 1; // which count only here
  CHECK(request("$SYS.REQ.ACCOUNT.A.STATZ")["data"].is_object());
  CHECK(request("$SYS.REQ.ACCOUNT.A.CONNS").is_null());
  accounts.find("A")->leafnodes = 0;
  accounts.find("A")->connections = 2;
  auto counts = request("$SYS.REQ.ACCOUNT.A.CONNS");
  CHECK(counts["conns"] == 2);
  CHECK(counts["type"] == "io.nats.server.advisory.v1.account_connections");
  CHECK(request("$SYS.REQ.ACCOUNT.A.CONNS", R"({"acc":"B"})").is_null());
}

TEST_CASE_FIXTURE(system_world, "whoever asks who he is hears of himself and his permissions") {
  security::permission_rules rules;
  rules.publish.allow = {"foo.>"};
  rules.subscribe.deny = {"foo.x"};
  rules.responses = security::response_rule{3, std::chrono::seconds{10}};
  auto who = client(1);
  who.user = "lim";
  who.account = "A";
  who.allowed = protocol::make_ref<security::permissions>(rules);
  figures.clients = {who};
  auto answer = request("$SYS.REQ.USER.A.INFO");
  CHECK(answer["data"].dump()
        == R"({"user":"lim","account":"A","account_name":"A","permissions":{)"
           R"("publish":{"allow":["foo.>"]},"subscribe":{"deny":["foo.x"]},)"
           R"("responses":{"max":3,"ttl":10000000000}}})");
}

TEST_CASE_FIXTURE(system_world, "PING that waits for no answer makes a broadcast") {
  auto& ears = listener("$SYS.SERVER.*.STATSZ");
  publish({"$SYS.REQ.SERVER.PING", ""});
  flush();
  auto events = heard(ears);
  REQUIRE(events.size() == 1);
  CHECK(events[0].subject == "$SYS.SERVER.NSERVER.STATSZ");
}

TEST_CASE_FIXTURE(system_world, "an account's INFO is its detail, and unknown ones are a 500") {
  account_facts facts;
  facts.figures.name = facts.figures.label = "A";
  figures.accounts["A"] = facts;
  CHECK(request("$SYS.REQ.ACCOUNT.A.INFO")["data"]["account_name"] == "A");
  CHECK(request("$SYS.REQ.SERVER.PING.ACCOUNTZ")["data"]["accounts"].size() == 3);
  CHECK(request("$SYS.REQ.SERVER.PING.ACCOUNTZ",
                R"({"account":"A"})")["data"]["account_detail"]["account_name"]
        == "A");
  for (auto unknown : {request("$SYS.REQ.ACCOUNT.X.INFO"),
                       request("$SYS.REQ.SERVER.PING.ACCOUNTZ", R"({"account":"X"})")})
    CHECK(unknown["error"].dump() == R"({"code":500,"description":"Account X does not exist"})");
}

TEST_CASE_FIXTURE(system_world, "a broker without links has empty lists of them") {
  CHECK(request("$SYS.REQ.SERVER.PING.ROUTEZ")["data"]["routes"].dump() == "[]");
  CHECK(request("$SYS.REQ.SERVER.PING.GATEWAYZ")["data"]["outbound_gateways"].dump() == "{}");
  CHECK(request("$SYS.REQ.SERVER.PING.LEAFZ")["data"]["leafs"].dump() == "[]");
  CHECK(request("$SYS.REQ.ACCOUNT.A.LEAFZ")["data"]["leafnodes"] == 0);
}

TEST_CASE_FIXTURE(system_world, "subscribers are counted as the reference counts them") {
  auto me = client(1);
  me.account = "A";
  figures.clients = {me};
  figures.interest = {{"A", "foo", "", "1", 0, 0, 1},
                      {"A", "foo", "q", "2", 0, 0, 1},
                      {"A", "foo", "q", "3", 0, 0, 2},
                      {"A", "foo.*", "", "4", 0, 0, 2},
                      {"A", "foo", "", "", 0, 0, 0}}; // the broker's own
  auto& asking = listener("inbox");
  auto count = [&](std::string_view body) {
    publish({"$SYS.DEBUG.SUBSCRIBERS", body, "inbox", {}}, &asking);
    flush();
    auto heard = asking.take();
    return heard.empty() ? "" : heard.substr(heard.find("\r\n") + 2, 1);
  };
  CHECK(count("foo") == "3");
  CHECK(count("foo q") == "2");
  CHECK(count("foo.*") == "1");
  CHECK(count("foo.x") == "1");
  CHECK(count("foo..x") == "");
}

TEST_CASE_FIXTURE(system_world, "a user of the system account may send a client away") {
  auto me = client(1);
  me.account = "SYS";
  figures.clients = {me};
  CHECK(keys(request("$SYS.REQ.SERVER.NSERVER.KICK", R"({"cid":7})")) == "server");
  CHECK(kicked == std::vector<uint64_t>{7});
  CHECK(keys(request("$SYS.REQ.SERVER.NSERVER.LDM", R"({"cid":7})")) == "server");
  auto unknown = request("$SYS.REQ.SERVER.NSERVER.KICK", R"({"cid":700})");
  CHECK(unknown["error"].dump() == R"({"code":500,"description":"no such client or leafnode id"})");
  CHECK(!unknown.contains("data"));
  CHECK(request("$SYS.REQ.SERVER.NSERVER.LDM", R"({"cid":700})")["error"]["description"]
        == "no such client id");
  CHECK(recorded
        == std::vector<std::string>{"KICK cid:7 by 1", "LDM cid:7 by 1",
                                    "KICK cid:700 by 1: no such client or leafnode id",
                                    "LDM cid:700 by 1: no such client id"});
}

TEST_CASE_FIXTURE(system_world, "a user of the system account at another server may do so, too") {
  auto asks_over = [&](protocol::peer_role role, const actors::account_ptr& of = nullptr,
                       std::string_view header = {}) {
    auto& link = join();
    auto dest = protocol::make_ref<actors::link_destination>(uint64_t{70}, link.dest->slot, role,
                                                             link.dest->max_pending);
    dest->account = of;
    link.dest = dest;
    auto before = kicked.size();
    publish({"$SYS.REQ.SERVER.NSERVER.KICK", R"({"cid":7})", "inbox", header}, &link);
    flush();
    sched.run();
    return kicked.size() > before;
  };
  using enum protocol::peer_role;
  CHECK(asks_over(route));
  CHECK(asks_over(gateway_in));
  CHECK(asks_over(leaf_down, accounts.system));
  REQUIRE(recorded.size() == 3);
  CHECK(recorded[0] == "KICK cid:7 by 70");
  CHECK_FALSE_MESSAGE(asks_over(leaf_down, accounts.global), "it came by an import");
  std::string imported{"NATS/1.0\r\nNats-Request-Info: {\"acc\":\"A\"}\r\n\r\n"};
  CHECK_FALSE_MESSAGE(asks_over(route, nullptr, imported), "by one at the other server");
  CHECK(asks_over(route, nullptr, "NATS/1.0\r\nX: Nats-Request-Info\r\n\r\n"));
}

TEST_CASE_FIXTURE(system_world, "a configuration that cannot be read again is a 500") {
  auto me = client(1);
  me.account = "SYS";
  figures.clients = {me};
  CHECK(keys(request("$SYS.REQ.SERVER.NSERVER.RELOAD")) == "server");
  reload_problem = "troupe.yaml:1:1: unknown key";
  CHECK(request("$SYS.REQ.SERVER.NSERVER.RELOAD")["error"]["description"] == reload_problem);
}

TEST_CASE_FIXTURE(system_world,
                  "what changes the broker is not done for others, nor if unreadable") {
  auto me = client(1);
  me.account = "A"; // by an import
  figures.clients = {me};
  CHECK(request("$SYS.REQ.SERVER.NSERVER.KICK", R"({"cid":7})").is_null());
  figures.clients[0].account = "SYS";
  for (const auto* bad : {"", "{", R"({"cid":"7"})", "{}"})
    CHECK(request("$SYS.REQ.SERVER.NSERVER.KICK", bad).is_null());
  CHECK(kicked.empty());
  CHECK(recorded.empty());
  CHECK(publish({"$SYS.REQ.SERVER.PING.RELOAD", "", "inbox"}) == 0); // all servers at once: never
}

TEST_CASE_FIXTURE(system_world, "who is to be silent answers nobody, although nobody told it yet") {
  CHECK(request("$SYS.REQ.SERVER.PING.IDZ").is_object());
  silent = true; // the mail that says so waits behind requests
  for (const auto* subject : {"IDZ", "VARZ", "STATSZ"})
    CHECK(request("$SYS.REQ.SERVER.PING." + std::string{subject}).is_null());
  CHECK(request("$SYS.REQ.SERVER.PING").is_null());
  CHECK(request("$SYS.DEBUG.SUBSCRIBERS", ">").is_null());
}

TEST_CASE_FIXTURE(system_world, "a broker that sends its clients away answers nobody any more") {
  self->send(services, atom::leaving_v);
  sched.run();
  CHECK(request("$SYS.REQ.SERVER.PING.IDZ").is_null());
}
