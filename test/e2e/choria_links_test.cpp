// test/e2e/choria_links_test.cpp: Choria's samples of gateways and leaf nodes, and peers that DNS
// names.
#include "certificates.hpp"
#include "dns_server.hpp"
#include "mixed_servers.hpp"
#include "operator_site.hpp"

#include "security/creds_file.hpp"
#include "security/store_layout.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {
using namespace troupe;
using namespace troupe::e2e;
using namespace std::string_literals;
using enum kind;

const std::string n = "plugin.choria.network.";

/// `troupe`, not under nats-server's name; empty: there is none to test.
std::string binary() {
  const auto* path = std::getenv("TROUPE_E2E_TROUPE");
  return path ? path : "";
}

std::string scheme_and(const std::string& host, uint16_t port) {
  return "nats://" + host + ":" + std::to_string(port);
}

/// What every file has besides the sample: who it is, where it listens, whose certificate it shows.
/// Sites have addresses of their own on loopback, for the samples fix the ports.
std::string around_it(const std::string& identity, const std::string& address,
                      const scratch_folder& certificates) {
  auto file = [&](const std::string& what) { return (certificates.path() / what).string() + "\n"; };
  return "identity = " + identity + "\nplugin.choria.broker_network = true\n" + n
         + "listen_address = " + address + "\n" + n + "client_port = -1\n" + n
         + "client_tls_disable = true\nplugin.troupe.ports_file_dir = @FOLDER@\n"
           "plugin.choria.use_srv = no\nplugin.security.provider = file\n"
           "plugin.security.file.certificate = "
         + file("fleet.pem") + "plugin.security.file.key = " + file("fleet-key.pem")
         + "plugin.security.file.ca = " + file("ca.pem");
}

launch broker_run() {
  return {binary(), {"troupe", "broker", "run", "--config", "@FOLDER@/server.conf"}};
}

connection_ptr connect_at(const std::string& address, const server_process& server,
                          const std::string& creds = {}) {
  auto options = options_for(server);
  must(natsOptions_SetURL(options.get(), scheme_and(address, server.port()).c_str()), "URL");
  if (!creds.empty())
    must(natsOptions_SetUserCredentialsFromFiles(options.get(), creds.c_str(), nullptr), "creds");
  return connect(options);
}

std::string member_config(const std::string& name, uint16_t port, const std::string& routes) {
  return "server_name: " + name + "\ncluster { name: C, listen: \"127.0.0.1:" + std::to_string(port)
         + "\", routes: [" + routes + "] }\n";
}

} // namespace

TEST_CASE("who an SRV record names becomes a member, and later who is added to it") {
  if (server_under_test().empty())
    return;
  const std::string record = "_nats._tcp.example.net";
  const auto srv = "\"nats-route://" + record + "\""s;
  auto first_port = free_port(), second_port = free_port(), third_port = free_port();
  dns_server dns;
  dns.serve(record, {{"localhost", first_port}});
  server_process first{binary_of(ours), member_config("first", first_port, "")};
  server_process second{binary_of(ours), member_config("second", second_port,
                                                       srv + ", \"nats-route://127.0.0.1:1\"")};
  exchange(first, second);
  server_process third{binary_of(ours), member_config("third", third_port, "")};
  dns.serve(record, {{"localhost", first_port}, {"localhost", third_port}});
  exchange(second, third);
  exchange(first, third);
  CHECK(second.log().find("127.0.0.1:1 ") == std::string::npos); // DNS has named others
}

TEST_CASE("a hub and another site are reached by SRV records") {
  if (server_under_test().empty())
    return;
  auto port = free_port(), gateway_port = free_port(), own_port = free_port();
  dns_server dns;
  dns.serve("_hub._tcp.example.net", {{"localhost", port}});
  dns.serve("_site._tcp.example.net", {{"localhost", gateway_port}});
  server_process hub{binary_of(ours),
                     "server_name: hub\nleafnodes { listen: \"127.0.0.1:" + std::to_string(port)
                         + "\" }\ngateway { name: HUB, listen: \"127.0.0.1:"
                         + std::to_string(gateway_port)
                         + "\" }\n"
                           "system_account: S, accounts { S {} }\n"};
  server_process leaf{binary_of(ours), "server_name: leaf\nleafnodes { remotes: [ { url: "
                                       "\"nats-leaf://_hub._tcp.example.net\" } ] }\n"};
  exchange(hub, leaf);
  server_process site{binary_of(ours),
                      "server_name: site\ngateway { name: SITE, listen: \"127.0.0.1:"
                          + std::to_string(own_port)
                          + "\", gateways: [ { name: HUB, url: \"nats://_site._tcp.example.net\" } "
                            "] }\n"};
  exchange(hub, site);
}

TEST_CASE("the announced sample of gateways runs unchanged at both sites") {
  if (binary().empty())
    return;
  scratch_folder certificates;
  write_certificates(certificates.path());
  dns_server dns;
  dns.name("c1.ny.example.net", "127.77.1.1");
  dns.name("c2.ny.example.net", "127.77.1.2"); // does not run
  dns.name("c1.tyo.example.net", "127.77.2.1");
  const auto sample = n + "gateway_port\t= 7001\n" + n + "gateway_remotes = NewYork, Tokyo\n" + n
                      + "gateway_remote.NewYork.urls = c1.ny.example.net:7001, "
                        "nats://c2.ny.example.net:7001\n"
                      + n + "gateway_remote.Tokyo.urls = c1.tyo.example.net:7001\n";
  auto site = [&](const std::string& name, const std::string& host, const std::string& address) {
    return around_it(host, address, certificates) + n + "gateway_name = " + name + "\n" + sample;
  };
  server_process ny{broker_run(), site("NewYork", "c1.ny.example.net", "127.77.1.1")};
  server_process tyo{broker_run(), site("Tokyo", "c1.tyo.example.net", "127.77.2.1")};
  auto alice = connect_at("127.77.1.1", ny);
  auto bob = connect_at("127.77.2.1", tyo);
  REQUIRE(settled(alice, bob));
  REQUIRE(settled(bob, alice));
  auto at_bob = subscribe(bob, "mcollective.>");
  flush(bob);
  REQUIRE(settled(alice, bob));
  publish(alice, "mcollective.broadcast.agent.discovery", "ping");
  CHECK(text_of(next_message(at_bob)) == "ping");
}

TEST_CASE("a bare node on the announced provisioning leaf reaches its account and nothing else") {
  if (binary().empty())
    return;
  scratch_folder certificates, store, secrets;
  write_certificates(certificates.path());
  operator_site operators;
  security::store_layout layout{(store.path() / "OPS").string(), ""};
  auto put = [](const std::string& file, const std::string& text) {
    REQUIRE(security::write_store_file(file, text) == "");
    return file;
  };
  put(layout.operator_file(), operators.operator_jwt());
  for (const auto* one : {&operators.system, &operators.acme, &operators.beta})
    put(layout.account_file(one->claims.standard.name), operators.jwt(*one));
  auto creds_of = [&](const tenant& whose, const std::string& name,
                      const std::function<void(security::user_claims&)>& edit = {}) {
    auto creds = security::format_creds(whose.user_jwt(false, edit), whose.user.seed());
    REQUIRE(creds);
    return put((secrets.path() / name).string(), *creds);
  };
  dns_server dns;
  dns.name("c1.ops.example.net", "127.77.3.1");
  const std::string hub_at = "127.77.3.1", leaf_at = "127.77.4.1";
  launch with_store{"/bin/sh",
                    {"sh", "-c",
                     "mkdir -p '@FOLDER@/accounts/nats' && cp -r '" + layout.store
                         + "' '@FOLDER@/accounts/nats/' && exec '" + binary()
                         + "' broker run --config '@FOLDER@/server.conf'"}};
  server_process hub{with_store, around_it("c1.ops.example.net", hub_at, certificates) + n
                                     + "operator_account = OPS\n" + n
                                     + "system_account = " + operators.system.id() + "\n" + n
                                     + "leafnode_port\t= 7002\n"};
  auto prov = creds_of(operators.acme, "prov.creds");
  server_process leaf{broker_run(), around_it("prov1.ldn.example.net", leaf_at, certificates) + n
                                        + "gateway_name = PROV_LDN\n" + n
                                        + "leafnode_remotes = OPS\n" + n
                                        + "leafnode_remote.OPS.url = c1.ops.example.net:7002\n" + n
                                        + "leafnode_remote.OPS.credential = " + prov + "\n" + n
                                        + "leafnode_remote.OPS.account = " + operators.acme.id()
                                        + "\n" + n + "leafnode_client_template = provisioning\n"};
  auto boss = connect_at(hub_at, hub, prov);
  auto stranger = connect_at(hub_at, hub, creds_of(operators.beta, "beta.creds"));
  auto node = connect_at(leaf_at, leaf), other = connect_at(leaf_at, leaf);
  auto all_at_boss = subscribe(boss, ">");
  auto probe_at_boss = subscribe(boss, "provisioning.registration.probe");
  auto all_at_stranger = subscribe(stranger, ">");
  auto at_node = subscribe(node, "provisioning.node.>");
  auto replies_at_other = subscribe(other, "provisioning.reply.>"); // refused
  for (const auto* one : {&boss, &stranger, &node, &other})
    flush(*one);
  REQUIRE(eventually([&] { // the link stands, and the interest of both ends has crossed it
    publish(node, "provisioning.registration.probe", "?");
    publish(boss, "provisioning.node.probe", "?");
    flush(node);
    flush(boss);
    return arrives(probe_at_boss, std::chrono::milliseconds{20})
           && arrives(at_node, std::chrono::milliseconds{20});
  }));
  publish(node, "provisioning.node.n2", "forged");
  publish(node, "mcollective.broadcast.agent.rpcutil", "forged");
  publish(node, "provisioning.reply.r1", "seen");
  publish(node, "choria.lifecycle.event.startup.provision_mode_server", "last");
  flush(node);
  std::string at_boss;
  while (at_boss.find("last") == at_boss.npos) {
    auto message = next_message(all_at_boss);
    if (text_of(message) != "?")
      at_boss += natsMsg_GetSubject(message.get()) + " "s + text_of(message) + "\n";
  }
  publish(boss, "mcollective.node.n1", "hush");
  publish(boss, "provisioning.node.n1", "for you");
  std::string at_node_last;
  while (at_node_last != "for you")
    at_node_last = text_of(next_message(at_node));
  flush(other);
  flush(stranger);
  CHECK(at_boss
        == "provisioning.reply.r1 seen\n"
           "choria.lifecycle.event.startup.provision_mode_server last\n");
  CHECK(count_waiting(at_node) == 0);
  CHECK(count_waiting(replies_at_other) == 0);
  CHECK(count_waiting(all_at_stranger) == 0);
}
