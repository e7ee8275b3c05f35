// test/e2e/hostile_peers_test.cpp: nonsense, lies and floods on the ports for other servers.
#include "cluster_member.hpp"
#include "hostile_peers.hpp"
#include "mixed_servers.hpp"
#include "peer_socket.hpp"
#include "steady_traffic.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

namespace {
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

std::string at(uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A server with all ports for others, each with a password, and a real peer on each of them.
struct site {
  uint16_t routes = free_port();
  uint16_t gateways = free_port();
  uint16_t leafs = free_port();
  std::unique_ptr<server_process> server, member, other, leaf;

  site() {
    server =
        start(ours, "victim",
              "cluster { name: G1, listen: \"" + at(routes) + "\", " + guarded + " }\n"
                  + "gateway { name: G1, listen: \"" + at(gateways) + "\", " + guarded + " }\n"
                  + "leafnodes { listen: \"" + at(leafs)
                  + "\", authorization { user: mesh, password: open, account: A, timeout: 2 } }\n");
    member = start(theirs, "member",
                   "cluster { name: G1, listen: \"127.0.0.1:-1\", " + guarded
                       + ", routes: [ \"nats-route://mesh:open@" + at(routes) + "\" ] }\n"
                       + "gateway { name: G1, listen: \"127.0.0.1:-1\" }\n");
    other = start(theirs, "other",
                  "gateway { name: G2, listen: \"127.0.0.1:-1\", " + guarded
                      + ", gateways: [ { name: G1, url: \"nats://mesh:open@" + at(gateways)
                      + "\" } ] }\n");
    leaf = start(theirs, "leaf",
                 "leafnodes { remotes: [ { url: \"nats-leaf://mesh:open@" + at(leafs)
                     + "\", account: A } ] }\n");
  }

  std::string id_of(const server_process& of) const {
    auto text = http(of, "/varz");
    auto from = text.find("\"server_id\": \"") + 14;
    return text.substr(from, text.find('"', from) - from);
  }

private:
  static inline const std::string guarded =
      "authorization { user: mesh, password: open, timeout: 2 }";

  static std::unique_ptr<server_process> start(kind what, const std::string& name,
                                               const std::string& links) {
    return std::make_unique<server_process>(
        binary_of(what),
        "server_name: " + name
            + "\nhttp: \"127.0.0.1:-1\"\nsystem_account: S\naccounts { A { users: [ { user: a, "
              "password: pw } ] }, B { users: [ { user: b, password: pw } ] }, S {} }\n"
            + links);
  }
};

const auto broken_json = "CONNECT {\"cluster\":\r\n"s;
const auto endless = std::string(100'000, 'x');

/// What is refused in the same way on every port, before anybody has said who he is.
std::vector<stranger> anywhere() {
  const std::string unknown = "Unknown Protocol Operation";
  return {
      {"he sends bytes without meaning", "\x01\x02\xff\xfe\x80garbage\r\n", unknown, {unknown}},
      {"he speaks HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", unknown, {unknown}},
      {"he speaks TLS where there is none",
       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
       unknown,
       {unknown}},
      {"he says nothing", "", "Authentication Timeout", {"Authentication Timeout"}},
      {"he stops in the middle of CONNECT",
       "CONNECT {\"user\":\"me",
       "Authentication Timeout",
       {"Authentication Timeout"}},
      {"he stops in the middle of a verb",
       "CONN",
       "Authentication Timeout",
       {"Authentication Timeout"}},
      {"his CONNECT is no JSON", broken_json, "", {"Error parsing CONNECT: it is no JSON object"}},
      {"his CONNECT is a list",
       "CONNECT [1]\r\n",
       "",
       {"Error parsing CONNECT: it is no JSON object"}},
      {"his CONNECT is nested without end",
       "CONNECT " + std::string(60'000, '[') + "\r\n",
       "",
       {"Error parsing CONNECT"}},
      {"a key of his CONNECT has the wrong type",
       "CONNECT {\"cluster\":[1]}\r\n",
       "",
       {"Error parsing CONNECT: \"cluster\" is not a text"}},
      {"his CONNECT does not end",
       "CONNECT {\"user\":\"" + endless,
       "maximum control line exceeded",
       {"maximum control line exceeded"}},
      {"he says INFO first, and that does not end",
       "INFO {\"server_id\":\"" + endless,
       "maximum control line exceeded",
       {"maximum control line exceeded"}},
      {"he says INFO before CONNECT",
       "INFO {\"server_id\":\"X\"}\r\n",
       "Authorization Violation",
       {"It spoke before it said who it is"}},
      {"he is a client",
       "CONNECT {\"lang\":\"go\",\"user\":\"mesh\",\"pass\":\"open\"}\r\n",
       "attempted to connect to ",
       {"Attempted to connect to "}},
  };
}
// -- what is wrong behind the first words ---------------------------------------------------------

/// Longer than any line of a server that has been let in.
const auto endless_line = std::string(4 * 1024 * 1024 + 50'000, 'x');
const auto endless_leaf_line = std::string(300'000, 'x');

const auto login = "\"user\":\"mesh\",\"pass\":\"open\""s;
constexpr auto no_entry = "Authorization Violation";
constexpr auto cut_off = "maximum control line exceeded";
constexpr auto malformed = "Malformed operation";
constexpr auto unknown = "Unknown Protocol Operation";

/// A route as far as it is let in; nobody else is told of it. Each has another id and name.
std::string route(const std::string& info = {}) {
  static int number = 0;
  auto name = "\"R" + std::to_string(++number) + "\"";
  return "CONNECT {\"cluster\":\"G1\"," + login + "}\r\nINFO {\"server_id\":" + name
         + ",\"server_name\":" + name
         + ",\"cluster\":\"G1\",\"headers\":true,\"lnoc\":true,\"lnocu\":true,\"gossip_mode\":1"
         + info + "}\r\n";
}

std::vector<stranger> routes(const site& to) {
  auto hello = "CONNECT {\"cluster\":\"G1\"," + login + "}\r\n";
  auto me = to.id_of(*to.server);
  auto member = to.id_of(*to.member);
  auto urls = "\"x\""s;
  for (int i = 0; i < 12'000; ++i)
    urls += ",\"\"";
  return {
      {"he has the wrong password",
       "CONNECT {\"cluster\":\"G1\",\"user\":\"mesh\",\"pass\":\"shut\"}\r\nINFO "
       "{\"server_id\":\"X\"}\r\n",
       no_entry,
       {no_entry}},
      {"he is of another cluster",
       "CONNECT {\"cluster\":\"C2\"}\r\n",
       "cluster name \"C2\" does not match \"G1\"",
       {"cluster name \"C2\" does not match \"G1\""}},
      {"he turns out to be of another cluster",
       hello + "INFO {\"server_id\":\"X\",\"cluster\":\"C\\u001b[31m2\"}\r\n",
       "does not match \"G1\"",
       {"does not match \"G1\""}},
      {"he is a gateway",
       "CONNECT {\"gateway\":\"G2\"}\r\n",
       "Rejecting connection from gateway \"G2\" on the Route port",
       {"from gateway \"G2\" on the Route port"}},
      {"he claims to be this server",
       hello + "INFO {\"server_id\":\"" + me + "\",\"cluster\":\"G1\"}\r\n",
       "",
       {"Duplicate Route"}},
      {"he claims to be a member that is here",
       hello + "INFO {\"server_id\":\"" + member + "\",\"cluster\":\"G1\"}\r\n",
       "",
       {"Duplicate Route"}},
      {"he has this server's name",
       hello + "INFO {\"server_id\":\"X\",\"server_name\":\"victim\",\"cluster\":\"G1\"}\r\n",
       "",
       {"Remote server has a duplicate name: \"victim\""}},
      {"his INFO has no id", hello + "INFO {}\r\n", "", {"INFO without a server_id"}},
      {"his INFO is no JSON",
       hello + "INFO nothing\r\n",
       "",
       {"Error parsing INFO: it is no JSON object"}},
      {"a key of his INFO has the wrong type",
       hello + "INFO {\"server_id\":\"X\",\"port\":\"6222\"}\r\n",
       "",
       {"Error parsing INFO: \"port\" is not a whole number"}},
      {"his INFO does not end", hello + "INFO {\"server_id\":\"" + endless, cut_off, {cut_off}},
      {"he sends a message before CONNECT", "RMSG A secret 1\r\nx\r\n", no_entry, {no_entry}},
      {"he sends a message before INFO", hello + "RMSG A secret 1\r\nx\r\n", no_entry, {no_entry}},
      {"he wants something before INFO", hello + "RS+ A secret\r\n", no_entry, {no_entry}},
      {"he speaks as a client does", route() + "SUB foo 1\r\n", unknown, {unknown}},
      {"his message is longer than it says",
       route() + "RMSG A foo 1\r\nlong\r\n",
       unknown,
       {unknown}},
      {"the length of his message is negative", route() + "RMSG A foo -1\r\n", "", {malformed}},
      {"the length of his message has no end",
       route() + "RMSG A foo 99999999999999999999\r\n",
       "",
       {malformed}},
      {"his headers are longer than his message",
       route() + "HMSG A foo 20 10\r\n",
       "",
       {malformed}},
      {"his message has no subject", route() + "RMSG A\r\n", "", {malformed}},
      {"the weight of his group is none", route() + "RS+ A foo g none\r\n", "", {malformed}},
      {"his interest does not end", route() + "RS+ A " + endless_line, cut_off, {cut_off}},
      {"his next INFO has a wrong type",
       route() + "INFO {\"server_id\":7}\r\n",
       "",
       {"Error parsing INFO: \"server_id\" is not a text"}},
      {"he complains", route() + "-ERR 'I am \x1b[31mangry'\r\n", "", {"Route Error 'I am "}},
      {"he says CONNECT again, of another cluster",
       route() + "CONNECT {\"cluster\":\"C2\",\"lang\":\"go\"}\r\n",
       "PONG",
       {}},
      {"he wants what is no subject",
       route() + "RS+ A ..\r\nRS+ A a.>.b\r\n",
       "-ERR 'Invalid Subscription'",
       {}},
      {"he sends what is no subject",
       route() + "RMSG A a..b 1\r\nx\r\nRMSG A * 1\r\nx\r\nRMSG A > 1\r\nx\r\n",
       "PONG",
       {}},
      {"he takes back what he never wanted",
       route() + "RS- A foo\r\nRS- NOBODY foo g\r\nLS- x A foo\r\n",
       "PONG",
       {}},
      {"he has thousands of addresses for clients",
       route(",\"connect_urls\":[" + urls + "]"),
       "PONG",
       {}},
      {"he gossips of servers at no address",
       route()
           + "INFO {\"server_id\":\"Y\",\"cluster\":\"G1\",\"ip\":\"nowhere\",\"port\":-1}\r\nINFO "
             "{\"server_id\":\"Z\",\"cluster\":\"G1\",\"host\":\"a b\",\"port\":70000}\r\n",
       "PONG",
       {}},
      {"he gossips of clusters at no address",
       route()
           + "INFO "
             "{\"gateway\":\"G9\",\"gateway_cmd\":1,\"gateway_urls\":[\"\",\":0\",\"x:y\","
             "\"\\u0000\"]}\r\nINFO "
             "{\"gateway\":\"G1\",\"gateway_cmd\":1,\"gateway_urls\":[\"127.0.0.1:1\"]}\r\n",
       "PONG",
       {}},
  };
}

std::string gateway(const std::string& info = {}) {
  return "CONNECT {\"gateway\":\"G3\"," + login
         + "}\r\nINFO {\"server_id\":\"X\",\"gateway\":\"G3\"" + info + "}\r\n";
}

std::vector<stranger> gateways() {
  auto hello = "CONNECT {\"gateway\":\"G3\"," + login + "}\r\n";
  constexpr auto wrong_way = "only the other end of this connection may say";
  return {
      {"he has the wrong password",
       "CONNECT {\"gateway\":\"G3\",\"user\":\"mesh\",\"pass\":\"shut\"}\r\nINFO "
       "{\"gateway\":\"G3\"}\r\n",
       no_entry,
       {"wrong user or password"}},
      {"he is a route",
       "CONNECT {\"cluster\":\"G1\"}\r\n",
       "attempted to connect to gateway port",
       {"Attempted to connect to gateway port"}},
      {"he pings before he says who he is",
       "PING\r\n",
       no_entry,
       {"It spoke before it said who it is"}},
      {"he has this server's name",
       gateway(",\"server_name\":\"victim\""),
       "",
       {"Remote server has a duplicate name: \"victim\""}},
      {"he has the name of a member",
       gateway(",\"server_name\":\"member\""),
       "",
       {"Remote server has a duplicate name: \"member\""}},
      {"he says in the end that he is no gateway",
       hello + "INFO {\"gateway\":\"\"}\r\n",
       "",
       {"INFO without a gateway"}},
      {"a key of his INFO has the wrong type",
       hello + "INFO {\"gateway_urls\":[1]}\r\n",
       "",
       {"Error parsing INFO: \"gateway_urls\" is not a list of texts"}},
      {"his INFO does not end", hello + "INFO {\"server_id\":\"" + endless, cut_off, {cut_off}},
      {"he sends a message before INFO", hello + "RMSG A secret 1\r\nx\r\n", no_entry, {no_entry}},
      {"he wants something", gateway() + "RS+ A foo\r\n", "", {wrong_way}},
      {"he ends an account", gateway() + "A- A\r\n", "", {wrong_way}},
      {"he sends as leaf nodes do", gateway() + "LMSG A foo 1\r\nx\r\n", unknown, {unknown}},
      {"his message is shorter than it says",
       gateway() + "RMSG A foo 9\r\nshort\r\nPING\r\n",
       unknown,
       {unknown}},
      {"the length of his message is none", gateway() + "RMSG A foo many\r\n", "", {malformed}},
      {"he says CONNECT and INFO again",
       gateway() + "CONNECT {\"gateway\":\"G9\"}\r\nINFO {\"gateway\":\"G9\"}\r\nINFO nothing\r\n",
       "PONG",
       {}},
      {"he is at impossible addresses",
       gateway(",\"gateway_urls\":[\"\",\"nowhere\",\"x:99999999\",\"a b:1\"]"),
       "PONG",
       {}},
      {"he sends to an account that nobody has",
       gateway() + "RMSG NOBODY foo 1\r\nx\r\nRMSG NOBODY foo 1\r\nx\r\n",
       "A- NOBODY\r\n",
       {}},
  };
}

std::string leaf(const std::string& more = {}) {
  static int number = 0;
  return "CONNECT {" + login + ",\"cluster\":\"L\",\"name\":\"L" + std::to_string(++number) + "\""
         + more + "}\r\n";
}

std::vector<stranger> leafs() {
  constexpr auto refused = "authentication error";
  return {
      {"he has the wrong password",
       "CONNECT {\"user\":\"mesh\",\"pass\":\"shut\"}\r\n",
       no_entry,
       {refused}},
      {"he has no password", "CONNECT {}\r\n", no_entry, {refused}},
      {"his signature is none",
       "CONNECT "
       "{\"nkey\":\"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4\",\"sig\":\"AAAA\"}"
       "\r\n",
       no_entry,
       {refused}},
      {"his JWT is none", "CONNECT {\"jwt\":\"a.b.c\",\"sig\":\"AAAA\"}\r\n", no_entry, {refused}},
      {"he is a gateway",
       "CONNECT {\"gateway\":\"G2\"}\r\n",
       "Rejecting connection from gateway \"G2\" on the leafnode port",
       {"from gateway \"G2\" on the leafnode port"}},
      {"he is of this cluster",
       "CONNECT {" + login + ",\"cluster\":\"G1\"}\r\n",
       "remote leafnode has same cluster name",
       {"a leaf node's cluster needs a name of its own"}},
      {"his cluster has a blank in its name",
       "CONNECT {" + login + ",\"cluster\":\"a b\"}\r\n",
       "cluster name cannot contain spaces",
       {"cluster name cannot contain spaces"}},
      {"the name of his cluster ends the line",
       "CONNECT {" + login + ",\"cluster\":\"x\\r\\n-ERR\"}\r\nLS+ foo\r\n",
       "cluster name cannot contain spaces",
       {"cluster name cannot contain spaces"}},
      {"the name of his cluster would be long in each line",
       "CONNECT {" + login + ",\"cluster\":\"" + std::string(60'000, 'x') + "\"}\r\nLS+ foo\r\n",
       "cluster name is too long",
       {"cluster name is too long"}},
      {"a list of his has the wrong type",
       "CONNECT {" + login + ",\"deny_pub\":\">\"}\r\n",
       "",
       {"\"deny_pub\" is not a list of texts"}},
      {"he sends before he says who he is", "LMSG secret 1\r\nx\r\n", no_entry, {no_entry}},
      {"he speaks as a route does", leaf() + "RS+ A foo\r\n", unknown, {unknown}},
      {"his message is larger than any may be",
       leaf() + "LMSG foo 99999999\r\n",
       "Maximum Payload Violation",
       {"Maximum Payload Violation"}},
      {"his message is longer than it says", leaf() + "LMSG foo 1\r\nlong\r\n", unknown, {unknown}},
      {"his headers are longer than his message", leaf() + "HMSG foo 20 10\r\n", "", {malformed}},
      {"his interest does not end", leaf() + "LS+ " + endless_leaf_line, cut_off, {cut_off}},
      {"he says CONNECT again, as somebody else",
       leaf() + "CONNECT {\"user\":\"nobody\",\"pass\":\"x\",\"lang\":\"go\"}\r\n",
       "PONG",
       {}},
      {"he says INFO", leaf() + "INFO {\"server_id\":7}\r\nINFO nothing\r\n", "PONG", {}},
      {"he denies what are no subjects", leaf(",\"deny_pub\":[\"\",\"..\",\"a.>.b\"]"), "PONG", {}},
      {"he wants what is no subject", leaf() + "LS+ a..b\r\n", "-ERR 'Invalid Subscription'", {}},
      {"he complains", leaf() + "-ERR 'no'\r\n", "PONG", {}},
  };
}
} // namespace

TEST_CASE("whoever talks nonsense on a port for servers is refused with the reason, and the others "
          "do not notice") {
  if (!has_peer())
    return;
  site all;
  steady_traffic steady{{all.server.get(), all.member.get(), all.other.get(), all.leaf.get()}, "a"};
  REQUIRE(has_routes(*all.server, routes_between(ours, theirs)));
  auto before = links_of(*all.server);
  visit(*all.server, {{all.routes, anywhere()},
                      {all.gateways, anywhere()},
                      {all.leafs, anywhere()},
                      {all.routes, routes(all)},
                      {all.gateways, gateways()},
                      {all.leafs, leafs()}});
  CHECK(all.server->log().find('\x1b') == std::string::npos);
  CHECK(eventually([&] { return links_of(*all.server) == before; }));
  CHECK(steady.stop() == "");
}

TEST_CASE("floods on the ports for servers cost a bounded amount of memory, and in the end none") {
  if (!has_peer())
    return;
  constexpr int64_t mebibyte = 1024 * 1024;
  site all;
  steady_traffic steady{{all.server.get(), all.member.get(), all.other.get(), all.leaf.get()}, "a"};
  std::string long_word(30'000, 'w');
  auto many = [](int count, auto&& line) {
    std::string out;
    for (int i = 0; i < count; ++i)
      out += line(std::to_string(i));
    return out;
  };
  std::string urls = "\"\"";
  for (int i = 0; i < 12'000; ++i)
    urls += ",\"\"";
  auto before = memory_of(*all.server);
  auto highest = before;
  auto flood = [&](uint16_t port, const std::string& who, const std::string& hello,
                   const std::string& rest) {
    INFO(who);
    peer_socket peer{port, patience};
    peer.send(hello + rest + "PING\r\n");
    while (peer.unread().find("PONG\r\n") == std::string_view::npos && peer.read_more()) {
    }
    CHECK(peer.unread().find("PONG\r\n") != std::string_view::npos);
    highest = std::max(highest, memory_of(*all.server));
  };
  auto all_floods = [&] {
    flood(all.routes, "100 000 interests in accounts that nobody has", route(),
          many(100'000, [](const std::string& i) { return "RS+ NOBODY" + i + " foo\r\n"; }));
    flood(all.routes, "the same with names of 30 kB", route(),
          many(2'000, [&](const std::string& i) { return "RS+ " + long_word + i + " foo\r\n"; }));
    flood(all.routes, "interest that comes and goes", route(),
          many(20'000, [](const std::string&) { return "RS+ A foo\r\nRS- A foo\r\n"; }));
    flood(all.routes, "20 INFOs with 12 000 addresses each", route(),
          many(20, [&](const std::string& i) {
            return "INFO {\"connect_urls\":[\"" + i + "\"," + urls + "]}\r\n";
          }));
    flood(all.routes, "20 000 messages to accounts that nobody has", route(),
          many(20'000, [](const std::string& i) { return "RMSG N" + i + " foo 1\r\nx\r\n"; }));
    flood(all.gateways, "20 000 messages of another cluster to accounts that nobody has", gateway(),
          many(20'000, [](const std::string& i) { return "RMSG N" + i + " foo 1\r\nx\r\n"; }));
    flood(all.gateways, "the same with names of 30 kB", gateway(),
          many(1'000,
               [&](const std::string& i) { return "RMSG " + long_word + i + " foo 1\r\nx\r\n"; }));
    flood(all.leafs, "interest of a leaf node that comes and goes", leaf(),
          many(20'000, [](const std::string&) { return "LS+ foo g 5\r\nLS- foo g\r\n"; }));
    flood(all.leafs, "100 000 PINGs", leaf(),
          many(100'000, [](const std::string&) { return "PING\r\n"; }));
  };
  all_floods();
  CHECK((!memory_counts || highest - before < 160 * mebibyte));
  // The allocator keeps much of what it got back, for each of the threads that have been at it:
  // after some rounds there is enough, while what is lost would be missed in each.
  auto round_costs = [&] {
    auto so_far = memory_of(*all.server);
    all_floods();
    return memory_of(*all.server) - so_far;
  };
  int rounds = 1;
  while (memory_counts && rounds < 8 && round_costs() >= 2 * mebibyte)
    ++rounds;
  CHECK(rounds < 8);
  CHECK(steady.stop() == "");
}
