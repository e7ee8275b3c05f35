// test/config/link_test.cpp: gateways and leaf nodes in nats-server's format and in YAML.
#include "config/difference.hpp"
#include "config/print.hpp"
#include "made_up_world.hpp"
#include "security/key_pair.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

struct mistake {
  std::string text;
  std::string complaint;
};

const std::string tls = "{cert_file: c.pem, key_file: k.pem, ca_file: ca.pem}";
const std::string nkey_of_a_user = [] {
  return troupe::security::key_pair::create(troupe::security::nkey_kind::user).public_text();
}();
const std::string seed_of_a_user = [] {
  return troupe::security::key_pair::create(troupe::security::nkey_kind::user).seed().text();
}();
const std::string key_of_an_account = [] {
  return troupe::security::key_pair::create(troupe::security::nkey_kind::account).public_text();
}();

options good(const std::string& file, const std::string& text) {
  auto result = read_text(file, text);
  REQUIRE(complaints(result) == "");
  return result.opts;
}

} // namespace

TEST_CASE("a gateway block means the same in nats-server's format and in YAML") {
  auto nats =
      good("a.conf", "gateway {\n name: NY\n listen: \"127.0.0.1:7222\"\n"
                     " authorization {user: g, password: s, timeout: 3}\n advertise: \"adv:7000\"\n"
                     " connect_retries: 5\n connect_backoff: true\n reject_unknown_cluster: true\n"
                     " write_deadline: \"4s\"\n write_timeout: retry\n tls "
                         + tls
                         + "\n gateways: [{name: NY, url: \"nats://a:1\"},\n"
                           "  {name: TYO, urls: [\"nats://u:p@b:2\", \"tls://c:3\"], tls "
                         + tls + "}]\n}\n");
  auto yaml = good("a.yaml", "gateway:\n  name: NY\n  listen: 127.0.0.1:7222\n"
                             "  authorization: {user: g, password: s, timeout: 3s}\n"
                             "  advertise: adv:7000\n  connect_retries: 5\n"
                             "  connect_backoff: true\n  reject_unknown: true\n"
                             "  write_deadline: 4s\n  write_timeout: retry\n  tls: "
                                 + tls
                                 + "\n  gateways:\n    - {name: NY, url: 'nats://a:1'}\n"
                                   "    - {name: TYO, urls: ['nats://u:p@b:2', 'tls://c:3'], tls: "
                                 + tls + "}\n");
  for (auto* opts : {&nats, &yaml}) {
    auto& gateway = opts->gateway;
    CHECK(gateway.enabled());
    CHECK(gateway.name == "NY");
    CHECK(gateway.host == "127.0.0.1");
    CHECK(gateway.port == 7222);
    CHECK(gateway.authorization.user == "g");
    CHECK(gateway.authorization.password == "s");
    CHECK(gateway.authorization.timeout == 3s);
    CHECK(gateway.advertise == "adv:7000");
    CHECK(gateway.connect_retries == 5);
    CHECK(gateway.connect_backoff);
    CHECK(gateway.reject_unknown);
    CHECK(gateway.write_deadline == 4s);
    CHECK(gateway.write_timeout == "retry");
    REQUIRE(gateway.tls);
    CHECK(gateway.tls->verify);
    REQUIRE(gateway.remotes.size() == 2);
    CHECK(gateway.remotes[0].name == "NY"); // ourselves, passed over when dialling
    CHECK(to_string(gateway.remotes[1].urls) == "nats://b:2, tls://c:3");
    CHECK(gateway.remotes[1].urls[0].password == "p");
    REQUIRE(gateway.remotes[1].tls);
    CHECK(gateway.remotes[1].tls->verify);
  }
}

TEST_CASE("a leafnodes block means the same in nats-server's format and in YAML") {
  auto nats = good(
      "a.conf",
      "accounts {ACME {}, B {}}\nleafnodes {\n listen: \"127.0.0.1:7422\"\n"
      " authorization {timeout: 4, users: [{user: l, password: p, account: ACME}]}\n"
      " leafnode_advertise: \"adv:7000\"\n no_advertise: true\n reconnect: 3\n"
      " dial_timeout: \"5s\"\n min_version: \"2.9.0\"\n compression: off\n"
      " isolate: true\n write_deadline: \"4s\"\n tls "
          + tls
          + "\n remotes: [{url: \"nats-leaf://h1\", account: ACME, credentials: \"c.pem\",\n"
            "  deny_imports: [\"a.>\"], deny_export: b, tls "
          + tls
          + "},\n  {urls: [\"ws://u:p@h2:80/x\", \"ws://h3:80\"], local: B, seed: " + seed_of_a_user
          + ",\n   hub: true, no_randomize: true, ws_compress: true,\n"
            "   websocket_no_masking: true, first_info_timeout: \"2s\", dial_timeout: \"6s\",\n"
            "   disabled: true, isolate: true, request_isolation: true,\n"
            "   ignore_discovered_servers: true,\n"
            "   proxy {url: \"http://px:3128\", username: a, password: b, timeout: "
            "\"7s\"}}]\n}\n");
  auto yaml =
      good("a.yaml",
           "accounts: {ACME: {}, B: {}}\nleafnodes:\n  listen: 127.0.0.1:7422\n"
           "  authorization: {timeout: 4s, users: [{user: l, password: p, account: ACME}]}\n"
           "  advertise: adv:7000\n  no_advertise: true\n  reconnect: 3s\n"
           "  dial_timeout: 5s\n  min_version: 2.9.0\n  compression: 'off'\n"
           "  isolate_leafnode_interest: true\n  write_deadline: 4s\n  tls: "
               + tls
               + "\n  remotes:\n    - {url: 'nats-leaf://h1', account: ACME, credentials: c.pem,"
                 " deny_imports: ['a.>'], deny_exports: [b], tls: "
               + tls + "}\n    - {urls: ['ws://u:p@h2:80/x', 'ws://h3:80'], account: B, nkey: "
               + seed_of_a_user
               + ", hub: true, no_randomize: true, ws_compression: true, ws_no_masking: true,"
                 " first_info_timeout: 2s, dial_timeout: 6s, disabled: true,"
                 " isolate_leafnode_interest: true, request_isolation: true,"
                 " ignore_discovered_servers: true, proxy: {url: 'http://px:3128', username: a,"
                 " password: b, timeout: 7s}}\n");
  for (auto* opts : {&nats, &yaml}) {
    auto& leafs = opts->leafnodes;
    CHECK(leafs.enabled());
    CHECK(leafs.host == "127.0.0.1");
    CHECK(leafs.port == 7422);
    CHECK(leafs.authorization.timeout == 4s);
    CHECK(leafs.users == std::vector<leaf_user>{{"l", "p", "ACME"}});
    CHECK(leafs.advertise == "adv:7000");
    CHECK(leafs.no_advertise);
    CHECK(leafs.reconnect == 3s);
    CHECK(leafs.dial_timeout == 5s);
    CHECK(leafs.min_version == "2.9.0");
    CHECK(leafs.compression == "off");
    CHECK(leafs.isolate);
    CHECK(leafs.write_deadline == 4s);
    REQUIRE(leafs.tls);
    CHECK_FALSE(leafs.tls->verify); // only if the file says so
    REQUIRE(leafs.remotes.size() == 2);
    auto& first = leafs.remotes[0];
    CHECK(to_string(first.urls) == "nats-leaf://h1:7422");
    CHECK(first.account == "ACME");
    CHECK(first.credentials == "c.pem");
    CHECK(first.deny_imports == std::vector<std::string>{"a.>"});
    CHECK(first.deny_exports == std::vector<std::string>{"b"});
    CHECK(first.tls.has_value());
    auto& second = leafs.remotes[1];
    CHECK(to_string(second.urls) == "ws://h2:80/x, ws://h3:80");
    CHECK(second.account == "B");
    CHECK(second.nkey == seed_of_a_user);
    CHECK(second.hub);
    CHECK(second.no_randomize);
    CHECK(second.ws_compression);
    CHECK(second.ws_no_masking);
    CHECK(second.first_info_timeout == 2s);
    CHECK(second.dial_timeout == 6s);
    CHECK(second.disabled);
    CHECK(second.isolate);
    CHECK(second.request_isolation);
    CHECK(second.ignore_discovered_servers);
    CHECK(second.proxy == leaf_proxy{"http://px:3128", "a", "b", 7s});
  }
}

TEST_CASE("a leaf node needs no listener, and leaf is another name of the block") {
  auto opts = good("a.conf", "leaf {remotes [{url: \"nats://h\"}]}");
  CHECK(opts.leafnodes.enabled());
  CHECK(opts.leafnodes.port == 0);
  auto keyed = good("a.conf", "leafnodes {port: -1, authorization {nkey: " + nkey_of_a_user + "}}");
  CHECK(keyed.leafnodes.nkey == nkey_of_a_user);
}

TEST_CASE("each mistake in a gateway block has its sentence") {
  const mistake mistakes[] = {
      {"gateway: 5\n", "bad.conf:1:0: gateway must be a map of settings, not 5"},
      {"gateway {nam: 1}\n", "bad.conf:1:9: unknown field \"nam\""},
      {"gateway {port: 7222}\n", "bad.conf:1:9: gateway has no name"},
      {"gateway {name: \"a b\", port: 7222}\n", "bad.conf:1:9: gateway name cannot contain spaces"},
      {"gateway {name: G}\n",
       "bad.conf:1:9: gateway \"G\" has no port specified (select -1 for random port)"},
      {"gateway {name: G, port: -1, reject_unknown: x}\n",
       "bad.conf:1:28: reject_unknown must be true or false without quotes, not \"x\""},
      {"gateway {name: G, port: -1}\ncluster {name: C}\n",
       "bad.conf:1:9: cluster name conflicts between cluster and gateway definitions: \"C\" and "
       "\"G\""},
      {"gateway {name: G, port: -1}\naccounts {\"two words\": {}}\n",
       "bad.conf:2:1: account \"two words\" cannot be told to other servers: the names of accounts "
       "cannot contain spaces"},
      {"gateway {name: G, port: -1, authorization {users: []}}\n",
       "bad.conf:1:43: Gateway authorization does not allow multiple users"},
      {"gateway {name: G, port: -1, authorization {token: a}}\n",
       "bad.conf:1:43: Gateway authorization does not support tokens"},
      {"gateway {name: G, port: -1, authorization {permissions: {}}}\n",
       "bad.conf:1:43: unknown field \"permissions\""},
      {"gateway {name: G, port: -1, gateways: {}}\n",
       "bad.conf:1:28: Expected gateways field to be an array, got a map"},
      {"gateway {name: G, port: -1, gateways: [a]}\n",
       "bad.conf:1:39: Expected gateway entry to be a map/struct, got \"a\""},
      {"gateway {name: G, port: -1, gateways: [{url: \"nats://a:1\"}]}\n",
       "bad.conf:1:28: gateway in the list 0 has no name"},
      {"gateway {name: G, port: -1, gateways: [{name: A}]}\n",
       "bad.conf:1:28: gateway \"A\" has no URL"},
      {"gateway {name: G, port: -1, gateways: [{name: A, urls: [\"nats://u:hunter2@a\"]}]}\n",
       "bad.conf:1:56: error parsing gateway url [\"nats://[REDACTED]@a\"]: it names no port\n"
       "bad.conf:1:28: gateway \"A\" has no URL"},
      {"gateway {name: G, port: -1, gateways: [{name: A, url: \"nats://a:1\", urlz: []}]}\n",
       "bad.conf:1:68: unknown field \"urlz\""},
      {"gateway {name: G, port: -1, tls {cert_file: no.pem, key_file: k.pem}}\n",
       "bad.conf:1:33: cert_file: open no.pem: no such file or directory"},
      {"gateway {name: G, port: -1, write_timeout: x}\n",
       "bad.conf:1:28: write_timeout: write_timeout must be 'default', 'close' or 'retry', not "
       "\"x\""},
      {"gateway {name: G, port: -1}\nleafnodes {port: -1}\n",
       "bad.conf:2:12: leaf nodes and gateways (both being defined) require a system account to "
       "also be configured; name one as system_account"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
  const mistake in_yaml[] = {
      {"gateway: {nme: G}\n",
       "bad.yaml:1:11: unknown key \"nme\" in gateway; did you mean \"name\"?"},
      {"gateway: {name: G, port: -1, gateways: [{nmae: A}]}\n",
       "bad.yaml:1:42: unknown key \"nmae\" in gateway.gateways; did you mean \"name\"?\n"
       "bad.yaml:1:30: gateway in the list 0 has no name"},
      {"gateway: {name: G, port: -1, gateways: [{name: A, url: 'a:1'}, {name: A, url: 'b:1'}]}\n",
       "bad.yaml:1:30: gateway.gateways names \"A\" twice; put its URLs into one entry"},
      {"gateway: {name: G, port: -1, gateways: [{name: A, urls: ['a:1', 'http://a:1', "
       "'wss://a:1']}]}\n",
       "bad.yaml:1:65: error parsing gateway url [\"http://a:1\"]: nothing here speaks http; write "
       "host:port, or nats:// before it\n"
       "bad.yaml:1:79: error parsing gateway url [\"wss://a:1\"]: nothing here speaks wss; write "
       "host:port, or nats:// before it"},
      {"gateway: {gateways: [{name: A, url: 'a:1'}]}\n",
       "bad.yaml:1:11: gateway.gateways needs gateway.name and gateway.port"},
      {"gateway: {name: G, port: 4222}\n",
       "bad.yaml:1:20: gateway.port and listen.port are both 4222"},
      {"gateway: {name: G, port: -1, authorization: {user: a}}\n",
       "bad.yaml:1:46: gateway.authorization.user is set without gateway.authorization.password"},
      {"gateway: {name: G, port: -1, tls: {cert_file: c.pem, key_file: k.pem}}\n",
       "bad.yaml:1:30: gateway.tls needs ca_file: both ends of a gateway verify each other"},
  };
  for (auto& one : in_yaml)
    CHECK_MESSAGE(complaints(read_text("bad.yaml", one.text)) == one.complaint, one.text);
}

TEST_CASE("what nats-server takes without a word, though it does nothing, is doubted") {
  auto doubts = [](const std::string& text) {
    auto result = read_text("a.conf", text);
    CHECK(complaints(result) == "");
    std::string out;
    for (auto& one : result.doubts)
      out += (out.empty() ? "" : "\n") + one;
    return out;
  };
  CHECK(doubts("cluster {routes: [\"nats://a:1\"]}")
        == "a.conf:1:9: routes needs cluster.port, where the other members connect; -1 takes any "
           "free port");
  CHECK(doubts("leafnodes {remotes: [{}]}")
        == "a.conf:1:11: remotes holds an entry without url, the address of a hub");
  CHECK(doubts("port: 4222\ncluster {port: 4222}") != "");
  CHECK(doubts("port: 4222\ncluster {port: 4223, routes: [\"nats://a:1\"]}") == "");
}

TEST_CASE("each mistake in a leafnodes block has its sentence") {
  const mistake mistakes[] = {
      {"leafnodes: 5\n", "bad.conf:1:0: leafnodes must be a map of settings, not 5"},
      {"leafnodes {prot: 1}\n", "bad.conf:1:11: unknown field \"prot\""},
      {"leafnodes {port: 70000}\n", "bad.conf:1:11: port must lie between -1 and 65535, not 70000"},
      {"leafnodes {reconnect: \"x\"}\n",
       "bad.conf:1:11: error parsing reconnect: time: invalid duration \"x\""},
      {"leafnodes {reconnect: 1, reconnect_delay: 2}\n",
       "bad.conf:1:25: \"reconnect_delay\" and \"reconnect\" are names of one option; keep one of "
       "them"},
      {"leafnodes {min_version: \"2.x\"}\n",
       "bad.conf:1:11: min_version: invalid leafnode's minimum version: \"2.x\" is no version such "
       "as 2.9.0"},
      {"leafnodes {min_version: \"2.7.9\"}\n",
       "bad.conf:1:11: min_version: the minimum version should be at least 2.8.0"},
      {"leafnodes {compression: zip}\n",
       "bad.conf:1:11: unsupported compression mode \"zip\"; use off, accept, s2_auto, s2_fast, "
       "s2_better or s2_best"},
      {"leafnodes {authorization {token: a}}\n",
       "bad.conf:1:26: Leafnodes authorization does not support tokens"},
      {"leafnodes {authorization {users: a}}\n",
       "bad.conf:1:26: Expected users field to be an array, got \"a\""},
      {"leafnodes {authorization {users: [a]}}\n",
       "bad.conf:1:34: Expected user entry to be a map/struct, got \"a\""},
      {"leafnodes {authorization {users: [{usr: a}]}}\n", "bad.conf:1:35: unknown field \"usr\""},
      {"leafnodes {authorization {user: a, password: b, users: [{user: c, password: d}]}}\n",
       "bad.conf:1:11: can not have a single user/pass and a users array"},
      {"leafnodes {authorization {users: [{user: a}, {user: a}]}}\n",
       "bad.conf:1:11: duplicate user \"a\" detected in leafnode authorization"},
      {"leafnodes {authorization {nkey: abc}}\n",
       "bad.conf:1:26: Not a valid public nkey for leafnode authorization"},
      {"leafnodes {authorization {user: a, password: b, account: NOPE}}\n",
       "bad.conf:1:48: cannot find local account \"NOPE\" specified in leafnode authorization; add "
       "it to accounts"},
      {"leafnodes {remotes: {}}\n",
       "bad.conf:1:11: Expected remotes field to be an array, got a map"},
      {"leafnodes {remotes: [a]}\n",
       "bad.conf:1:21: Expected remote leafnode entry to be a map/struct, got \"a\""},
      {"leafnodes {remotes: [{url: \"nats://a\", acount: A}]}\n",
       "bad.conf:1:39: unknown field \"acount\""},
      {"leafnodes {remotes: [{url: \"nats://a\", account: NOPE}]}\n",
       "bad.conf:1:11: cannot find local account \"NOPE\" specified in leafnode remote; add it to "
       "accounts"},
      {"leafnodes {remotes: [{url: \"nats://a\", account: \"$G\", local: \"$G\"}]}\n",
       "bad.conf:1:54: \"local\" and \"account\" are names of one option; keep one of them"},
      {"leafnodes {remotes: [{url: \"a:1\"}]}\n",
       "bad.conf:1:22: error parsing leafnode url [\"a:1\"]: it has no scheme; write nats://a:1"},
      {"leafnodes {remotes: [{url: 5}]}\n", "bad.conf:1:22: url must be a list of URLs, not 5"},
      {"leafnodes {remotes: [{url: \"nats://a\", nkey: SUhunter2}]}\n",
       "bad.conf:1:39: Remote leafnode nkey is not a valid seed; it begins with SU"},
      {"leafnodes {remotes: [{url: \"nats://a\", creds: \"c.pem\", nkey: " + seed_of_a_user
           + "}]}\n",
       "bad.conf:1:21: Remote leafnode can not have both creds and nkey defined"},
      {"leafnodes {remotes: [{url: \"nats://a\", creds: \"no.creds\"}]}\n",
       "bad.conf:1:11: credentials: open no.creds: no such file or directory"},
      {"leafnodes {remotes: [{url: \"nats://a\", deny_imports: [\"a..b\"]}]}\n",
       "bad.conf:1:39: subject \"a..b\" is not a valid subject"},
      {"leafnodes {remotes: [{url: \"nats://a\", hub: 1}]}\n",
       "bad.conf:1:39: hub must be true or false without quotes, not 1"},
      {"leafnodes {remotes: [{urls: [\"nats://a\", \"ws://b\"]}]}\n",
       "bad.conf:1:11: remote leaf node configuration cannot have a mix of websocket and "
       "non-websocket urls: "
       "nats://a:7422, ws://b:7422"},
      {"leafnodes {remotes: [{url: \"nats://u:hunter2@a\"}, {url: \"nats://u:hunter2@a\"}]}\n",
       "bad.conf:1:11: duplicate remote nats://a:7422"},
      {"leafnodes {remotes: [{url: \"ws://a\", proxy {url: \"ftp://b\"}}]}\n",
       "bad.conf:1:37: proxy URL scheme must be http or https"},
      {"leafnodes {remotes: [{url: \"ws://a\", proxy {url: \"http://:80\"}}]}\n",
       "bad.conf:1:37: proxy URL cannot be read: it names no host"},
      {"leafnodes {remotes: [{url: \"ws://a\", proxy {url: \"http://a:hunter2@b\"}}]}\n",
       "bad.conf:1:37: the proxy's user and password stand beside its url, as username and "
       "password"},
      {"leafnodes {remotes: [{url: \"ws://a\", proxy {url: \"http://b\", username: c}}]}\n",
       "bad.conf:1:37: proxy username and password must both be specified or both be empty"},
      {"leafnodes {remotes: [{url: \"ws://a\", proxy {timeout: 2s}}]}\n",
       "bad.conf:1:37: proxy URL must be specified when other proxy options are set"},
      {"leafnodes {remotes: [{url: \"nats://a\", tls {ca_file: no.pem}}]}\n",
       "bad.conf:1:44: ca_file: open no.pem: no such file or directory"},
      {"trusted_keys: [ODXJU6OOQ7VCLRM7VSWAS2BXNJ26L6EBIXZ5MLJLBGCTBA4GQ6QH5M4E]\n"
       "leafnodes {remotes: [{url: \"nats://a\", account: ACME}]}\n",
       "operator mode requires account nkeys in remotes: bad.conf:2:12: remotes needs an account "
       "for nats://a:7422, a public key of 56 characters that begins with A"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(read_text("bad.conf", one.text)) == one.complaint, one.text);
  CHECK(complaints(read_text("a.conf",
                             "trusted_keys: [ODXJU6OOQ7VCLRM7VSWAS2BXNJ26L6EBIXZ5MLJLBGCTBA4GQ6QH"
                             "5M4E]\nleafnodes {remotes: [{url: \"nats://a\", account: "
                                 + key_of_an_account + "}]}\n"))
        == "");
  const mistake in_yaml[] = {
      {"leafnodes: {remotes: [{account: $G}]}\n",
       "bad.yaml:1:13: leafnodes.remotes holds an entry without url, the address of a hub"},
      {"leafnodes: {remotes: [{url: a, acount: b}]}\n",
       "bad.yaml:1:32: unknown key \"acount\" in leafnodes.remotes; did you mean \"account\"?"},
      {"leafnodes: {port: 7422}\ncluster: {port: 7422}\n",
       "bad.yaml:1:13: leafnodes.port and bad.yaml:2:11: cluster.port are both 7422"},
      {"leafnodes: {port: -1, authorization: {password: a}}\n",
       "bad.yaml:1:39: leafnodes.authorization.password is set without "
       "leafnodes.authorization.user"},
  };
  for (auto& one : in_yaml)
    CHECK_MESSAGE(complaints(read_text("bad.yaml", one.text)) == one.complaint, one.text);
}

TEST_CASE("a key that would have kept leaf nodes out is told as such") {
  auto told = [](const std::string& text) {
    std::string keys;
    for (auto& one : read_text("a.conf", text).inactive)
      keys += one.restricts_access ? one.key + " " : "";
    return keys;
  };
  CHECK(told("leafnodes {authorization {proxy_required: true}}")
        == "leafnodes.authorization.proxy_required ");
}

TEST_CASE("--check shows gateways and hubs without their secrets") {
  auto text = print_options(read_text(
      "a.yaml", "gateway: {name: NY, port: -1, authorization: {user: g, password: hunter2}, "
                "gateways: [{name: NY, url: 'a:1'}, {name: TYO, url: 'u:hunter2@b:2'}]}\n"
                "leafnodes: {port: -1, authorization: {users: [{user: l, password: hunter2}]}, "
                "remotes: [{url: 'u:hunter2@h', nkey: "
                    + seed_of_a_user
                    + ", deny_imports: [x], disabled: true}, {url: 'k:1', proxy: {url: "
                      "'http://u:hunter2@px:3128', username: p, password: hunter2}}]}\n"));
  CHECK(text.find("hunter2") == text.npos);
  CHECK(text.find(seed_of_a_user) == text.npos);
  for (auto line : {"NY at a:1, ourselves", "TYO at b:2", "l in $G",
                    "$G to h:7422, nkey [REDACTED], imports never x, disabled",
                    "$G to k:1, through the proxy http://[REDACTED]@px:3128"})
    CHECK_MESSAGE(text.find(line) != text.npos, std::string{line});
}

TEST_CASE("a reload changes remotes and certificates of gateways and remotes of leaf nodes, "
          "nothing else") {
  auto said = [](const std::string& before, const std::string& after) {
    auto found = compare(good("f.conf", before), good("f.conf", after));
    std::string text = first_refusal(found);
    for (auto& one : found.changes) {
      CHECK_MESSAGE((one.before + one.after).find("hunter") == std::string::npos, one.option);
      text += one.refused || one.line.empty() ? "" : one.line + ";";
    }
    return text;
  };
  const std::string no = "config reload not supported for ";
  CHECK(said("leafnodes {port: -1}", "leafnodes {port: -1, remotes [{url: \"nats://a\"}]}")
        == "Reloaded: LeafNode Remotes;");
  CHECK(said("leafnodes {remotes [{url: \"nats://u:hunter1@a\"}]}",
             "leafnodes {remotes [{url: \"nats://u:hunter2@a\"}]}")
        == "Reloaded: LeafNode Remotes;");
  CHECK(said("", "leafnodes {port: -1}") == no + "LeafNode: old=0, new=-1");
  CHECK(said("leafnodes {port: -1}",
             "leafnodes {port: -1, authorization {users: [{user: a, password: hunter1}]}}")
        == no + "LeafNode: old=0 users, new=1 users");
  CHECK(said("", "gateway {name: G, port: -1}") == no + "Gateway: old=, new=G");
  CHECK(said("gateway {name: G, port: -1}",
             "gateway {name: G, port: -1, gateways [{name: A, url: \"nats://a:1\"}]}")
        == "Reloaded: Gateway Remotes;");
  CHECK(said("gateway {name: G, port: -1, gateways [{name: A, url: \"nats://u:hunter1@a:1\"}]}",
             "gateway {name: G, port: -1, gateways [{name: A, url: \"nats://u:hunter2@a:1\"}]}")
        == "Reloaded: Gateway Remotes;");
  CHECK(said("gateway {name: G, port: -1}", "gateway {name: G, port: -1, tls " + tls + "}")
        == no + "Gateway: old=disabled, new=enabled");
  CHECK(said("gateway {name: G, port: -1, tls " + tls + "}",
             "gateway {name: G, port: -1, tls {cert_file: k.pem, key_file: k.pem, ca_file: "
             "ca.pem}}")
        == "Reloaded: gateway tls;");
}
