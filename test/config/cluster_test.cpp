// test/config/cluster_test.cpp: routes in all three formats and as flags.
#include "config/difference.hpp"
#include "config/peer_url.hpp"
#include "config/print.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace troupe::config;

namespace {

struct mistake {
  std::string text;
  std::string complaint;
};

const std::string tls = "{cert_file: c.pem, key_file: k.pem, ca_file: ca.pem}";

options good(const std::string& file, const std::string& text) {
  auto result = read_text(file, text);
  REQUIRE(complaints(result) == "");
  return result.opts;
}

/// A Choria broker with its own certificate, and `lines`.
load_result choria(const std::string& lines) {
  return read_text("broker.cfg", "identity = b1.example.net\n"
                                 "plugin.choria.broker_network = true\n"
                                 "plugin.security.provider = file\n"
                                 "plugin.security.file.certificate = c.pem\n"
                                 "plugin.security.file.key = k.pem\n"
                                 "plugin.security.file.ca = ca.pem\n"
                                     + lines);
}

} // namespace

TEST_CASE("a cluster block means the same in nats-server's format and in YAML") {
  auto nats =
      good("a.conf", "cluster {\n name: C1\n listen: \"127.0.0.1:6222\"\n"
                     " authorization {user: r, password: \"s$1\", timeout: 1.5}\n"
                     " routes: [\"nats-route://r:s%241@h1:6222\", \"tls://[::1]:6223\"]\n"
                     " cluster_advertise: \"adv:6000\"\n no_advertise: true\n connect_retries: 3\n"
                     " connect_backoff: true\n permissions {import: \"a.>\", export: {allow: [b], "
                     "deny: [c]}}\n ping_interval: \"20s\"\n ping_max: 4\n write_deadline: \"3s\"\n"
                     " write_timeout: close\n pool_size: -1\n accounts: []\n compression: off\n"
                     " tls "
                         + tls + "\n}\n");
  auto yaml =
      good("a.yaml", "cluster:\n  name: C1\n  listen: 127.0.0.1:6222\n"
                     "  authorization: {user: r, password: s$1, timeout: 1.5s}\n"
                     "  routes: ['nats-route://r:s%241@h1:6222', 'tls://[::1]:6223']\n"
                     "  advertise: adv:6000\n  no_advertise: true\n  connect_retries: 3\n"
                     "  connect_backoff: true\n  permissions: {import: 'a.>', export: {allow: [b], "
                     "deny: [c]}}\n  ping_interval: 20s\n  ping_max: 4\n  write_deadline: 3s\n"
                     "  write_timeout: close\n  pool_size: -1\n  accounts: []\n  compression: off\n"
                     "  tls: "
                         + tls + "\n");
  for (auto* opts : {&nats, &yaml}) {
    auto& cluster = opts->cluster;
    CHECK(opts->cluster_name == "C1");
    CHECK(cluster.host == "127.0.0.1");
    CHECK(cluster.port == 6222);
    CHECK(cluster.enabled());
    CHECK(cluster.authorization.user == "r");
    CHECK(cluster.authorization.password == "s$1");
    CHECK(cluster.authorization.timeout == std::chrono::milliseconds{1500});
    REQUIRE(cluster.routes.size() == 2);
    CHECK(cluster.routes[0]
          == peer_url{.scheme = "nats-route",
                      .host = "h1",
                      .port = 6222,
                      .user = "r",
                      .password = "s$1",
                      .path = ""});
    CHECK(cluster.routes[1].host == "::1");
    CHECK(cluster.advertise == "adv:6000");
    CHECK(cluster.no_advertise);
    CHECK(cluster.connect_retries == 3);
    CHECK(cluster.connect_backoff);
    CHECK(cluster.import_.allow == std::vector<std::string>{"a.>"});
    CHECK(cluster.export_.allow == std::vector<std::string>{"b"});
    CHECK(cluster.export_.deny == std::vector<std::string>{"c"});
    CHECK(cluster.ping_interval == std::chrono::seconds{20});
    CHECK(cluster.ping_max == 4);
    CHECK(cluster.write_deadline == std::chrono::seconds{3});
    CHECK(cluster.write_timeout == "close");
    CHECK(cluster.pool_size == -1);
    CHECK(cluster.compression == "off");
    REQUIRE(cluster.tls);
    CHECK(cluster.tls->verify); // whether or not the file says so
    CHECK(cluster.tls->ca_file == "ca.pem");
  }
}

TEST_CASE("a cluster without a port has a name and no listener") {
  auto opts = good("a.conf", "cluster {name: C1}\n");
  CHECK(opts.cluster_name == "C1");
  CHECK_FALSE(opts.cluster.enabled());
  CHECK(good("a.conf", "cluster {listen: 6222}\n").cluster.host == "0.0.0.0");
}

TEST_CASE("permissions inside a cluster's authorization are taken, and called old") {
  auto result = read_text("a.conf", "cluster {\n port: -1\n authorization {user: a, password: b, "
                                    "permissions {import: x}}\n}\n");
  CHECK(complaints(result)
        == "a.conf:3:39: invalid use of field \"authorization\": setting \"permissions\" within "
           "cluster authorization block is deprecated");
  CHECK(result.opts.cluster.import_.allow == std::vector<std::string>{"x"});
}

TEST_CASE("what is taken but declined on routes is told, and only where it would matter") {
  auto told = [](const std::string& text) {
    std::string keys;
    for (auto& one : read_text("a.conf", "cluster {port: -1, " + text + "}").inactive)
      keys += one.key.starts_with("cluster.") ? one.key + " " : "";
    return keys;
  };
  CHECK(told("pool_size: 3, accounts: [A]") == "");
  CHECK(told("compression: s2_fast") == "cluster.compression ");
  CHECK(told("compression: {mode: s2_auto, rtt_thresholds: [\"10ms\"]}") == "cluster.compression ");
  CHECK(told("compression: true") == "cluster.compression ");
  CHECK(told("compression: accept") == "");
  CHECK(told("compression: false") == "");
}

TEST_CASE("whoever wants routes of known addresses only is not served without that") {
  auto kept_out = [](const std::string& value) {
    auto files = tls.substr(0, tls.size() - 1);
    auto result = read_text("a.conf", "cluster {port: -1, tls: " + files
                                          + ", verify_cert_and_check_known_urls: " + value + "}}");
    REQUIRE(complaints(result) == "");
    return std::any_of(result.inactive.begin(), result.inactive.end(), [](auto& one) {
      return one.key == "tls.verify_cert_and_check_known_urls" && one.restricts_access;
    });
  };
  CHECK(kept_out("true"));
  CHECK_FALSE(kept_out("false"));
}

TEST_CASE("each mistake in nats-server's cluster block has its sentence") {
  const mistake mistakes[] = {
      {"cluster: 5\n", "bad.conf:1:0: cluster must be a map of settings, not 5"},
      {"cluster {bogus: 1}\n", "bad.conf:1:9: unknown field \"bogus\""},
      {"cluster {port: x}\n", "bad.conf:1:9: port must be a whole number, not \"x\""},
      {"cluster {port: 70000}\n", "bad.conf:1:9: port must lie between -1 and 65535, not 70000"},
      {"cluster {name: \"a b\"}\n", "cluster name cannot contain spaces"},
      {"cluster {listen: abc}\n", "bad.conf:1:9: could not parse address string \"abc\""},
      {"cluster {listen: \"a:b\"}\n", "bad.conf:1:9: could not parse port \"b\""},
      {"cluster {listen: {a: 1}}\n", "bad.conf:1:9: expected port or host:port, not a map"},
      {"cluster {host: a, net: b}\n",
       "bad.conf:1:18: \"net\" and \"host\" are names of one option; keep one of them"},
      {"cluster {advertise: a, cluster_advertise: b}\n",
       "bad.conf:1:23: \"cluster_advertise\" and \"advertise\" are names of one option; keep one "
       "of "
       "them"},
      {"cluster {no_advertise: 1}\n",
       "bad.conf:1:9: no_advertise must be true or false without quotes, not 1"},
      {"cluster {connect_retries: -2}\n",
       "bad.conf:1:9: connect_retries must be at least 0, not -2"},
      {"cluster {ping_interval: 30q}\n", "bad.conf:1:9: error parsing ping_interval: time: unknown "
                                         "unit \"q\" in duration \"30q\""},
      {"cluster {ping_interval: 20}\n",
       "bad.conf:1:9: invalid use of field \"ping_interval\": ping_interval should be converted to "
       "a duration"},
      {"cluster {ping_interval: \"1m\"}\n",
       "bad.conf:1:9: Cluster 'ping_interval' will reset to 30s which is the max for routes"},
      {"cluster {write_timeout: never}\n",
       "bad.conf:1:9: write_timeout: write_timeout must be 'default', 'close' or 'retry', not "
       "\"never\""},
      {"cluster {port: -1, accounts: [A, B, A]}\n",
       "bad.conf:1:19: accounts names account \"A\" twice"},
      {"cluster {port: -1, pool_size: -1, accounts: [A]}\n",
       "bad.conf:1:34: accounts: pool_size cannot be negative if pinned accounts are specified"},
      {"cluster {compression: fast}\n",
       "bad.conf:1:9: unsupported compression mode \"fast\"; use off, accept, s2_auto, s2_fast, "
       "s2_better or s2_best"},
      {"cluster {compression: {mod: off}}\n", "bad.conf:1:23: unknown field \"mod\""},
      {"cluster {authorization: a}\n",
       "bad.conf:1:9: authorization must be a map of settings, not \"a\""},
      {"cluster {authorization {users: []}}\n",
       "bad.conf:1:24: Cluster authorization does not allow multiple users"},
      {"cluster {authorization {token: x}}\n",
       "bad.conf:1:24: Cluster authorization does not support tokens"},
      {"cluster {authorization {auth_callout {issuer: a}}}\n",
       "bad.conf:1:24: Cluster authorization does not support callouts"},
      {"cluster {authorization {passwort: x}}\n", "bad.conf:1:24: unknown field \"passwort\""},
      {"cluster {authorization {password: 12}}\n",
       "bad.conf:1:24: password must be text; put it in quotes"},
      {"cluster {routes: \"nats://a:1\"}\n",
       "bad.conf:1:9: routes must be a list of URLs, not \"nats://a:1\""},
      {"cluster {routes: [5]}\n", "bad.conf:1:18: route url must be text, not 5"},
      {"cluster {routes: [\"127.0.0.1:4222\"]}\n",
       "bad.conf:1:18: error parsing route url [\"127.0.0.1:4222\"]: it has no scheme; write "
       "nats://127.0.0.1:4222"},
      {"cluster {routes: [\"nats://u:hunter2@a\"]}\n",
       "bad.conf:1:18: error parsing route url [\"nats://[REDACTED]@a\"]: it names no port"},
      {"cluster {routes: [\"nats://u:hunter%zz@a:1\"]}\n",
       "bad.conf:1:18: error parsing route url [\"nats://[REDACTED]@a:1\"]: its user or password "
       "holds a % that is no escape; write %25"},
      {"cluster {routes: [\"nats://::1:4222\"]}\n",
       "bad.conf:1:18: error parsing route url [\"nats://::1:4222\"]: an IPv6 address needs "
       "brackets, as in [::1]:4222"},
      {"cluster {routes: [\"nats://a:0\"]}\n",
       "bad.conf:1:18: error parsing route url [\"nats://a:0\"]: its port is no number from 1 to "
       "65535"},
      {"cluster {routes: [\"nats://a:1\", \"nats://a:1\"]}\n",
       "bad.conf:1:32: invalid use of field \"nats://a:1\": Duplicate route entry detected"},
      {"cluster {tls: true}\n", "bad.conf:1:9: tls must be a map of settings, not true"},
      {"cluster {tls {cert_file: c.pem}}\n",
       "bad.conf:1:9: missing 'key_file' in TLS configuration"},
      {"cluster {tls {cert_file: c.pem, key_file: nope.pem}}\n",
       "bad.conf:1:32: key_file: open nope.pem: no such file or directory"},
      {"cluster {tls {ca_file: ca.pem}}\n",
       "bad.conf:1:9: cluster.tls is configured without a certificate; set cert_file and "
       "key_file"},
      {"cluster {permissions: 5}\n",
       "bad.conf:1:9: Expected permissions to be a map/struct, got 5"},
      {"cluster {permissions {import: \"a..b\"}}\n",
       "bad.conf:1:22: subject \"a..b\" is not a valid subject"},
      {"cluster {permissions {export: \"a q\"}}\n",
       "bad.conf:1:9: cluster export allow: subject \"a q\" is not a valid subject; routes know no "
       "queue groups here"},
      {"cluster {permissions {import: a, allow_responses: true}}\n",
       "bad.conf:1:9: Cluster permissions do not support dynamic responses"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
}

TEST_CASE("each mistake in a YAML cluster has its sentence") {
  const mistake mistakes[] = {
      {"cluster: {prot: 1}\n", "bad.yaml:1:11: unknown key \"prot\" in cluster; did you mean "
                               "\"port\"?"},
      {"cluster: {routes: ['a:1']}\n",
       "bad.yaml:1:11: cluster.routes needs cluster.port, where the other members connect; -1 "
       "takes any free port"},
      {"cluster: {port: -1, authorization: {user: a}}\n",
       "bad.yaml:1:37: cluster.authorization.user is set without cluster.authorization.password"},
      {"cluster: {port: -1, authorization: {password: a}}\n",
       "bad.yaml:1:37: cluster.authorization.password is set without cluster.authorization.user"},
      {"cluster: {port: 4222}\n", "bad.yaml:1:11: cluster.port and listen.port are both 4222"},
      {"monitoring: 8222\ncluster: {port: 8222}\n",
       "bad.yaml:2:11: cluster.port and bad.yaml:1:1: monitoring are both 8222"},
      {"cluster: {port: -1, tls: {cert_file: c.pem, key_file: k.pem}}\n",
       "bad.yaml:1:21: cluster.tls needs ca_file: both ends of a route verify each other"},
      {"cluster: {port: -1, authorization: {user: a, password: b, timeout: -1s}}\n",
       "bad.yaml:1:59: cluster.authorization.timeout must be longer than 0s"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.yaml", one.text)) == one.complaint, one.text);
}

TEST_CASE("Choria's peers are routes over the broker's own TLS") {
  auto result = choria("plugin.choria.network.peers = c1:5222, nats://c2:5223, c1:5222\n"
                       "plugin.choria.network.peer_user = u\n"
                       "plugin.choria.network.peer_password = p\n"
                       "plugin.choria.network.gateway_name\t= LDN\n");
  CHECK(complaints(result) == "");
  auto& cluster = result.opts.cluster;
  CHECK(result.opts.cluster_name == "LDN");
  CHECK(cluster.host == "::");
  CHECK(cluster.port == 5222);
  CHECK(cluster.no_advertise);
  CHECK(to_string(cluster.routes) == "c1:5222, nats://c2:5223");
  CHECK(cluster.routes[0].user == "u");
  CHECK(cluster.routes[0].password == "p");
  CHECK(cluster.authorization.user == "u");
  REQUIRE(cluster.tls);
  CHECK(cluster.tls->verify);
  CHECK(cluster.tls->cert_file == "c.pem");
  CHECK(choria("plugin.choria.network.peer_port = 4223\n").opts.cluster.port == 4223);
  CHECK(choria("plugin.choria.network.peer_port = 4223\n").opts.cluster_name == "CHORIA");
  CHECK_FALSE(choria("plugin.choria.network.peer_port = 0\n").opts.cluster.enabled());
  CHECK_FALSE(choria("").opts.cluster.enabled());
}

TEST_CASE("Choria's routes keep TLS when clients connect in the clear") {
  auto result = choria("plugin.choria.network.peers = c1:5222\n"
                       "plugin.choria.network.client_tls_disable = true\n");
  CHECK(result.can_start());
  CHECK_FALSE(result.opts.client.tls);
  REQUIRE(result.opts.cluster.tls);
  CHECK(result.opts.cluster.tls->ca_file == "ca.pem");
}

TEST_CASE("each mistake in Choria's peers has its sentence") {
  const mistake mistakes[] = {
      {"plugin.choria.network.peers = c1\n",
       "broker.cfg:7: plugin.choria.network.peers: \"c1\": it names no port; write c1:5222"},
      {"plugin.choria.network.peers = nats://u:hunter2@c1:x\n",
       "broker.cfg:7: plugin.choria.network.peers: \"nats://[REDACTED]@c1:x\": its port is no "
       "number from 1 to 65535"},
      {"plugin.choria.network.peers = ::1:5222\n",
       "broker.cfg:7: plugin.choria.network.peers: \"::1:5222\": an IPv6 address needs brackets, "
       "as in [::1]:4222"},
      {"plugin.choria.network.peer_port = x\n",
       "broker.cfg:7: plugin.choria.network.peer_port must be a whole number, not \"x\""},
      {"plugin.choria.network.peer_port = 4222\n",
       "broker.cfg:7: plugin.choria.network.peer_port and listen.port are both 4222"},
      {"plugin.choria.network.peers = c1:5222\nplugin.choria.network.peer_user = u\n",
       "broker.cfg:8: plugin.choria.network.peer_user is set without "
       "plugin.choria.network.peer_password"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(choria(one.text)) == one.complaint, one.text);
}

TEST_CASE("flags of routes win over the file") {
  made_up_world world{{{"f.conf", "cluster {name: F, port: 1, authorization {user: a, password: b},"
                                  " routes: [\"nats://f:1\"]}"}},
                      {}};
  auto result = world.read("f.conf", {"--cluster", "nats://127.0.0.1:6222", "--routes",
                                      "nats-route://u:p@a:1,nats://b:2", "--cluster_name", "X",
                                      "--cluster_advertise", "adv:1", "--no_advertise",
                                      "--connect_retries", "5"});
  CHECK(complaints(result) == "");
  auto& cluster = result.opts.cluster;
  CHECK(result.opts.cluster_name == "X");
  CHECK(cluster.host == "127.0.0.1");
  CHECK(cluster.port == 6222);
  CHECK(cluster.authorization.user == ""); // a URL without a user takes the file's away
  CHECK(to_string(cluster.routes) == "nats-route://a:1, nats://b:2");
  CHECK(cluster.routes[0].password == "p");
  CHECK(cluster.advertise == "adv:1");
  CHECK(cluster.no_advertise);
  CHECK(cluster.connect_retries == 5);
  auto with_user = world.read("f.conf", {"--cluster_listen", "nats://u:p@127.0.0.1:-1"});
  CHECK(with_user.opts.cluster.port == -1);
  CHECK(with_user.opts.cluster.authorization.user == "u");
  CHECK_FALSE(world.read("f.conf", {"--cluster="}).opts.cluster.enabled());
}

TEST_CASE("each mistake in the flags of routes has its sentence") {
  auto told = [](std::vector<std::string> flags) {
    return complaints(made_up_world{}.read("", std::move(flags), front_end::nats));
  };
  CHECK(told({"--routes", "nats://a:1"})
        == "solicited routes require cluster capabilities, e.g. --cluster");
  CHECK(told({"--cluster", "nats://u@a:1"})
        == "--cluster \"nats://[REDACTED]@a:1\": expected cluster password to be set");
  CHECK(told({"--cluster", "nats://a"}) == "--cluster \"nats://a\": it names no port");
  CHECK(told({"--cluster", "nats://a:1", "--routes", "nats://u:hunter2@a,b:1"})
        == "--routes: error parsing route url [\"nats://[REDACTED]@a\"]: it names no port");
}

TEST_CASE("--check shows routes without their users") {
  auto text = print_options(
      read_text("a.yaml", "cluster: {port: 6222, authorization: {user: r, password: hunter2}, "
                          "routes: ['nats://u:hunter2@h:1'], permissions: {import: 'a.>'}}\n"));
  CHECK(text.find("hunter2") == text.npos);
  auto line = text.substr(text.find("cluster.routes"));
  CHECK(line.substr(0, line.find('\n')).find("nats://h:1") != line.npos);
  CHECK(text.find("import only a.>; export everything") != text.npos);
}

TEST_CASE("a reload tells of routes what nats-server tells, and refuses another listener") {
  auto lines = [](const std::string& before, const std::string& after) {
    auto found = compare(good("f.conf", "cluster {port: -1, " + before + "}"),
                         good("f.conf", "cluster {port: -1, " + after + "}"));
    std::string text = first_refusal(found);
    for (auto& one : found.changes)
      text += one.refused || one.line.empty() ? "" : one.line + ";";
    for (auto& one : found.changes)
      CHECK_MESSAGE((one.before + one.after).find("hunter") == std::string::npos, one.option);
    return text;
  };
  CHECK(lines("", "") == "");
  CHECK(lines("", "routes: [\"nats://u:hunter1@a:1\"]") == "Reloaded: cluster routes;");
  CHECK(lines("routes: [\"nats://u:hunter1@a:1\"]", "routes: [\"nats://u:hunter2@a:1\"]")
        == "Reloaded: cluster routes;");
  CHECK(lines("", "connect_retries: 4") == "Reloaded: cluster;");
  CHECK(lines("", "permissions: {import: a}") == "Reloaded: cluster;");
  CHECK(lines("", "authorization {user: a, password: hunter1}") == "Reloaded: cluster;");
  CHECK(lines("", "tls " + tls) == "Reloaded: cluster;");
  CHECK(lines("", "host: h") == "config reload not supported for cluster host: old=0.0.0.0, new=h");
  CHECK(first_refusal(compare(good("f.conf", ""), good("f.conf", "cluster {port: -1}")))
        == "config reload not supported for cluster port: old=0, new=-1");
}

TEST_CASE("a URL of a peer is cut into its parts, and printed without its user") {
  auto parts = [](std::string_view text) {
    auto [url, wrong] = parse_peer_url(text);
    if (!wrong.empty())
      return wrong;
    return url.scheme + "|" + url.host + "|" + std::to_string(url.port) + "|" + url.user + "|"
           + url.password + "|" + url.path + " " + to_string(url);
  };
  CHECK(parts(" nats-route://a:1 ") == "nats-route|a|1||| nats-route://a:1");
  CHECK(parts("NATS://a:1/") == "nats|a|1||| nats://a:1");
  CHECK(parts("a:1") == "|a|1||| a:1");
  CHECK(parts("a") == "|a|0||| a");
  CHECK(parts("u:p:q@a:1") == "|a|1|u|p:q| a:1");
  CHECK(parts("ws://u%40x:%25@a:1/b/c") == "ws|a|1|u@x|%|/b/c ws://a:1/b/c");
  CHECK(parts("[fe80::1%25eth0]:1") == "|fe80::1%25eth0|1||| [fe80::1%25eth0]:1");
  CHECK(parts("") == "it is empty");
  CHECK(parts("a b:1") == "it holds a blank");
  CHECK(parts("://a:1") == "what stands before :// is no scheme");
  CHECK(parts("nats://:1") == "it names no host");
  CHECK(parts("nats://a:1?x") == "a ? or # means nothing here");
  CHECK(parts("[::1:1") == "its [ has no ]");
  CHECK(parts("[::1]1") == "only :port may stand behind the ]");
  CHECK(parts("a:99999") == "its port is no number from 1 to 65535");
  CHECK(without_user("u:p@a") == "[REDACTED]@a");
  CHECK(without_user("nats://a:1") == "nats://a:1");
}
