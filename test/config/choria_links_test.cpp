// test/config/choria_links_test.cpp: gateways and leaf nodes in Choria's keys.
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;

namespace {

const std::string n = "plugin.choria.network.";

/// A broker with its own certificate, and `lines`; its file is broker.cfg, they begin at line 7.
load_result choria(const std::string& lines) {
  made_up_world world;
  world.files = {{"c.pem", "c"},
                 {"k.pem", "k"},
                 {"ca.pem", "a"},
                 {"/etc/choria/leafnodes/prov.creds", "x"},
                 {"broker.cfg", "identity = b1.example.net\n"
                                "plugin.choria.broker_network = true\n"
                                "plugin.security.provider = file\n"
                                "plugin.security.file.certificate = c.pem\n"
                                "plugin.security.file.key = k.pem\n"
                                "plugin.security.file.ca = ca.pem\n"
                                    + lines}};
  return world.read("broker.cfg");
}

const std::string sites = n + "gateway_port\t= 7001\n" + n + "gateway_remotes = NewYork, Tokyo\n"
                          + n
                          + "gateway_remote.NewYork.urls = c1.ny.example.net:7001, "
                            "nats://c2.ny.example.net:7001\n"
                          + n + "gateway_remote.Tokyo.urls = c1.tyo.example.net:7001\n";

} // namespace

TEST_CASE("one block of gateways serves every site but for its name") {
  for (std::string site : {"NewYork", "Tokyo"}) {
    auto result = choria(sites + n + "gateway_name = " + site + "\n");
    CHECK(complaints(result) == "");
    auto& gateway = result.opts.gateway;
    CHECK(gateway.name == site);
    CHECK(result.opts.cluster_name == site);
    CHECK(gateway.host == "::");
    CHECK(gateway.port == 7001);
    CHECK(gateway.reject_unknown);
    REQUIRE(gateway.remotes.size() == 2);
    CHECK(gateway.remotes[0].name == "NewYork");
    CHECK(to_string(gateway.remotes[0].urls)
          == "c1.ny.example.net:7001, nats://c2.ny.example.net:7001");
    CHECK_FALSE(gateway.remotes[0].tls); // the listener's
    REQUIRE(gateway.tls);
    CHECK(gateway.tls->verify);
    CHECK(gateway.tls->ca_file == "ca.pem");
  }
  CHECK(choria(sites).opts.gateway.name == "CHORIA");
}

TEST_CASE("the own name needs no address among the remotes") {
  auto result = choria(n + "gateway_port = 7001\n" + n + "gateway_name = A\n" + n
                       + "gateway_remotes = A, B\n" + n + "gateway_remote.B.urls = b:7001\n");
  CHECK(complaints(result) == "");
  REQUIRE(result.opts.gateway.remotes.size() == 1);
  CHECK(result.opts.gateway.remotes[0].name == "B");
}

TEST_CASE("a remote gateway has material of its own, or none on demand") {
  auto one = [](const std::string& lines) {
    auto result = choria(n + "gateway_port = 7001\n" + n + "gateway_remotes = B\n" + n
                         + "gateway_remote.B.urls = b:7001\n" + lines);
    REQUIRE(result.opts.gateway.remotes.size() == 1);
    return std::pair{result.opts.gateway.remotes[0], complaints(result)};
  };
  const auto b = n + "gateway_remote.B.tls.";
  auto [own, quiet] = one(b + "cert = c.pem\n" + b + "key = k.pem\n" + b + "ca = ca.pem\n");
  CHECK(quiet == "");
  REQUIRE(own.tls);
  CHECK(own.tls->cert_file == "c.pem");
  CHECK_FALSE(own.tls->insecure);
  auto [trusting, told] = one(b + "ca = ca.pem\n" + b + "verify = no\n");
  REQUIRE(trusting.tls);
  CHECK(trusting.tls->insecure);
  CHECK(told == "broker.cfg:11: " + b + "verify is off: whoever answers there is believed");
  auto [plain, warned] = one(b + "disable = yes\n");
  CHECK(plain.plain);
  CHECK(warned
        == "broker.cfg:10: " + b
               + "disable is on: this link is in the clear, and nobody is "
                 "checked");
  CHECK_FALSE(one(b + "disable = off\n").first.plain); // only false, no, off and 0 mean no
  CHECK(one(b + "disable = False\n").first.plain);
}

TEST_CASE(
    "a provisioning broker in the clear is a leaf node over TLS, and all land in its account") {
  auto result = choria(n + "client_tls_disable = true\n" + n + "gateway_name = PROV_LDN\n" + n
                       + "leafnode_remotes = OPS\n" + n
                       + "leafnode_remote.OPS.url = c1.ops.example.net:7002\n" + n
                       + "leafnode_remote.OPS.credential = /etc/choria/leafnodes/prov.creds\n" + n
                       + "leafnode_remote.OPS.account = PROV\n");
  CHECK(result.can_start());
  CHECK_FALSE(result.opts.client.tls);
  auto& leafs = result.opts.leafnodes;
  CHECK(leafs.port == 0);
  REQUIRE(leafs.remotes.size() == 1);
  auto& remote = leafs.remotes[0];
  CHECK(to_string(remote.urls) == "c1.ops.example.net:7002");
  CHECK(remote.credentials == "/etc/choria/leafnodes/prov.creds");
  CHECK(remote.account == "PROV");
  REQUIRE(remote.tls);
  CHECK(remote.tls->cert_file == "c.pem");
  CHECK(leafs.client_account == "PROV");
  REQUIRE(result.opts.accounts.size() == 1);
  CHECK(result.opts.accounts[0].name == "PROV");
  CHECK(result.opts.cluster_name == "PROV_LDN");
}

TEST_CASE("a hub listens for leaf nodes with its own TLS and tells them its public address") {
  auto result = choria(n + "leafnode_port\t= 7002\n" + n + "public_url = c1.example.net:4222\n");
  CHECK(complaints(result) == "");
  auto& leafs = result.opts.leafnodes;
  CHECK(leafs.port == 7002);
  CHECK(leafs.host == "::");
  CHECK(leafs.advertise == "c1.example.net:7002");
  CHECK(leafs.authorization.timeout == std::chrono::seconds{10});
  REQUIRE(leafs.tls);
  CHECK(leafs.tls->verify);
}

TEST_CASE("several accounts of leaf links need one for the clients") {
  const auto two = n + "leafnode_remotes = A, B\n" + n + "leafnode_remote.A.url = a:7002\n" + n
                   + "leafnode_remote.A.account = ONE\n" + n + "leafnode_remote.B.url = b:7002\n"
                   + n + "leafnode_remote.B.account = TWO\n";
  CHECK(complaints(choria(two))
        == "broker.cfg:7: " + n + "leafnode_remotes are bound to several accounts; " + n
               + "leafnode_default_account must say in which of them clients are placed");
  auto chosen = choria(two + n + "leafnode_default_account = TWO\n");
  CHECK(complaints(chosen) == "");
  CHECK(chosen.opts.leafnodes.client_account == "TWO");
  CHECK(chosen.opts.accounts.size() == 2);
  CHECK(complaints(choria(two + n + "leafnode_default_account = THREE\n"))
        == "broker.cfg:12: " + n
               + "leafnode_default_account names \"THREE\", which no "
                 "leafnode_remote is bound to");
}

TEST_CASE("what bare nodes may do on a leaf broker is a template's") {
  const auto leaf = n + "leafnode_remotes = OPS\n" + n + "leafnode_remote.OPS.url = o:7002\n" + n
                    + "leafnode_remote.OPS.account = PROV\n";
  const auto key = n + "leafnode_client_template";
  auto result = choria(leaf + key + " = provisioning\n");
  CHECK(complaints(result) == "");
  REQUIRE(result.opts.accounts.size() == 1);
  REQUIRE(result.opts.accounts[0].default_permissions);
  CHECK(result.opts.accounts[0].default_permissions->subscribe.allow.front()
        == "provisioning.node.>");
  CHECK(complaints(choria(leaf + key + " = server\n"))
        == "broker.cfg:10: " + key + " must be provisioning, not \"server\"");
  CHECK(complaints(choria(n + "leafnode_port = 7002\n" + key + " = provisioning\n"))
        == "broker.cfg:8: " + key
               + " needs a leafnode_remote with an account, which clients are placed in");
}

TEST_CASE("members of a cluster are those of DNS first, unless nobody is to ask it") {
  const auto peers = n + "peers = c1.example.net:5222\n";
  const std::string domain = "plugin.choria.srv_domain = ops.example.net\n";
  const std::string record = "_mcollective-broker._tcp.ops.example.net";
  auto routes = [](const std::string& lines) {
    auto result = choria(lines);
    CHECK(complaints(result) == "");
    return to_string(result.opts.cluster.routes);
  };
  CHECK(routes(peers + domain) == record + ", c1.example.net:5222");
  CHECK(routes(peers + domain + "plugin.choria.use_srv = no\n") == "c1.example.net:5222");
  CHECK(routes(peers) == "c1.example.net:5222"); // the machine is called "box"
  CHECK(routes(n + "peer_port = 5222\n" + domain) == record);
}

TEST_CASE("a hub or another site may be named by an SRV record, which has the ports") {
  auto result = choria(n + "leafnode_remotes = OPS\n" + n
                       + "leafnode_remote.OPS.url = _hub._tcp.example.net\n");
  CHECK(complaints(result) == "");
  REQUIRE(result.opts.leafnodes.remotes.size() == 1);
  CHECK(to_string(result.opts.leafnodes.remotes[0].urls) == "_hub._tcp.example.net");
}

TEST_CASE("each mistake in Choria's gateways and leaf nodes has its sentence") {
  struct mistake {
    std::string text, complaint;
  };
  const mistake mistakes[] = {
      {n + "gateway_port = 7001\n", "broker.cfg:7: " + n + "gateway_port needs " + n
                                        + "gateway_remotes, the names of the other clusters"},
      {n + "gateway_remotes = A\n" + n + "gateway_remote.A.urls = a:1\n",
       "broker.cfg:7: " + n + "gateway_remotes needs " + n
           + "gateway_port, where the other clusters connect"},
      {n + "gateway_port = 7001\n" + n + "gateway_remotes = A\n",
       "broker.cfg:8: " + n + "gateway_remotes names A, but " + n
           + "gateway_remote.A.urls is not set"},
      {n + "gateway_port = 7001\n" + n + "gateway_remotes = A\n" + n
           + "gateway_remote.A.urls = a\n",
       "broker.cfg:9: " + n + "gateway_remote.A.urls: \"a\": it names no port"},
      {n + "gateway_port = 7001\n" + n + "gateway_remotes = A\n" + n
           + "gateway_remote.A.urls = ,\n",
       "broker.cfg:9: " + n + "gateway_remote.A.urls names no address"},
      {n + "gateway_port = 7001\n" + n + "gateway_remotes = A\n" + n
           + "gateway_remote.A.urls = http://a:1, ws://a:2, tls://a:3\n",
       "broker.cfg:9: " + n
           + "gateway_remote.A.urls: \"http://a:1\": nothing here speaks http; write host:port, or "
             "nats:// before it\nbroker.cfg:9: "
           + n
           + "gateway_remote.A.urls: \"ws://a:2\": nothing here speaks ws; write host:port, or "
             "nats:// before it"},
      {n + "gateway_port = 7001\n" + n + "gateway_name = A\n" + n + "gateway_remotes = A\n",
       "broker.cfg:9: " + n
           + "gateway_remotes names nobody but this cluster, A: no other cluster is dialled or let "
             "in"},
      {n + "peers = a:1\n" + n + "peer_password = hunter2\n",
       "broker.cfg:8: " + n + "peer_password is set without " + n + "peer_user"},
      {sites + n + "gateway_remote.Paris.urls = p:1\n",
       "broker.cfg:11: " + n + "gateway_remote.Paris.urls does nothing: " + n
           + "gateway_remotes does not name Paris"},
      {sites + n + "gateway_remote.Tokyo.tls.cert = no.pem\n",
       "broker.cfg:11: " + n
           + "gateway_remote.Tokyo.tls.cert: no.pem cannot be read\n"
             "broker.cfg:11: "
           + n + "gateway_remote.Tokyo.tls.cert is set without " + n
           + "gateway_remote.Tokyo.tls.key"},
      {sites + n + "gateway_remote.Tokyo.tls.verify = no\n",
       "broker.cfg:11: " + n
           + "gateway_remote.Tokyo.tls.verify does nothing without tls.cert, "
             "tls.key and tls.ca of this remote"},
      {n + "leafnode_remotes = A\n", "broker.cfg:7: " + n + "leafnode_remotes names A, but " + n
                                         + "leafnode_remote.A.url is not set"},
      {n + "leafnode_remotes = A\n" + n + "leafnode_remote.A.url = a\n",
       "broker.cfg:8: " + n + "leafnode_remote.A.url: \"a\": it names no port"},
      {n + "leafnode_remotes = A\n" + n + "leafnode_remote.A.url = a:1\n" + n
           + "leafnode_remote.A.credentials = no.creds\n",
       "broker.cfg:9: " + n + "leafnode_remote.A.credentials: no.creds cannot be read"},
      {n + "leafnode_remotes = A\n" + n + "leafnode_remote.A.url = a:1\n" + n
           + "leafnode_remote.A.credentials = c.pem\n" + n
           + "leafnode_remote.A.credential = k.pem\n",
       "broker.cfg:10: " + n + "leafnode_remote.A.credential and " + n
           + "leafnode_remote.A.credentials name two files; keep one of them"},
      {n + "leafnode_port = x\n",
       "broker.cfg:7: " + n + "leafnode_port must be a whole number, not \"x\""},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(choria(one.text)) == one.complaint, one.text);
}

TEST_CASE("a key that protects links or leaf clients is not passed over where there are none") {
  const auto wants_account =
      " needs a leafnode_remote with an account, which clients are placed in";
  CHECK(complaints(choria(n + "leafnode_client_template = provisioning\n"))
        == "broker.cfg:7: " + n + "leafnode_client_template" + wants_account);
  CHECK(complaints(choria(n + "leafnode_default_account = A\n"))
        == "broker.cfg:7: " + n
               + "leafnode_default_account names \"A\", which no leafnode_remote is bound to");
  CHECK(complaints(choria(n + "gateway_remote.A.urls = a:1\n"))
        == "broker.cfg:7: " + n + "gateway_remote.A.urls does nothing: " + n
               + "gateway_remotes does not name A");
  CHECK(complaints(choria(n + "leafnode_remote.A.url = a:1\n"))
        == "broker.cfg:7: " + n + "leafnode_remote.A.url does nothing: " + n
               + "leafnode_remotes does not name A");
  const auto lonely = " does nothing without " + n + "peers or " + n + "peer_port";
  CHECK(complaints(choria(n + "peer_user = a\n" + n + "peer_password = b\n"))
        == "broker.cfg:7: " + n + "peer_user" + lonely + "\nbroker.cfg:8: " + n + "peer_password"
               + lonely);
  CHECK(complaints(choria("")) == "");
  CHECK(choria("").opts.cluster_name.empty());
}
