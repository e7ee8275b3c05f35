// test/config/choria_test.cpp: Choria's files: their lines, their keys and their mistakes.
#include "config/choria_keys.hpp"
#include "made_up_world.hpp"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

const std::string base = "identity = c1.example.net\n"
                         "plugin.choria.broker_network = true\n"
                         "plugin.security.provider = file\n"
                         "plugin.security.file.certificate = c.pem\n"
                         "plugin.security.file.key = k.pem\n"
                         "plugin.security.file.ca = ca.pem\n";

load_result with(const std::string& more) {
  return read_text("broker.conf", base + more);
}

struct mistake {
  std::string text; // from line 7 on
  std::string complaint;
};

} // namespace

TEST_CASE("a secured broker comes up with Choria's defaults") {
  auto result = with("");
  REQUIRE(complaints(result) == "");
  auto& o = result.opts;
  CHECK(result.used == front_end::choria);
  CHECK(o.server_name == "c1.example.net");
  CHECK(o.client.host == "::");
  CHECK(o.client.port == 4222);
  CHECK(o.client.advertise == "c1.example.net:4222");
  CHECK(o.limits.max_connections == 50000);
  CHECK(o.timing.write_deadline == 10s);
  CHECK(o.timing.soft_shutdown_timeout == 60s);
  CHECK(o.monitoring.port == 0);
  CHECK(o.logging.file == "stdout");
  REQUIRE(o.client.tls);
  CHECK(o.client.tls->verify);
  CHECK(o.client.tls->ca_file == "ca.pem");
}

TEST_CASE("the audit file has the same name in every front end, apart from where it stands") {
  CHECK(with("plugin.troupe.audit_file = /a").opts.logging.audit_file == "/a");
  CHECK(read_text("f.conf", "audit_file: /a").opts.logging.audit_file == "/a");
  CHECK(read_text("f.yaml", "logging: {audit_file: /a}").opts.logging.audit_file == "/a");
}

TEST_CASE("every key of the client listener arrives in its field") {
  auto result = with("plugin.choria.network.listen_address = 10.0.0.1\n"
                     "plugin.choria.network.client_port\t= 4223\r\n"
                     "plugin.choria.network.public_url = nats.example.net:4222\n"
                     "plugin.choria.network.write_deadline = 5\n"
                     "plugin.choria.network.tls_timeout = 3\n"
                     "plugin.choria.network.auth_timeout = 1.5s\n"
                     "plugin.choria.network.max_clients = 100\n"
                     "plugin.choria.network.handshake_concurrency = 4\n"
                     "plugin.choria.network.lame_duck_duration = 8s\n"
                     "plugin.choria.network.soft_shutdown_timeout = 30\n"
                     "plugin.choria.stats_port = 8222\n"
                     "plugin.choria.stats_address = ::1\n"
                     "logfile = /var/log/choria.log\n"
                     "loglevel = debug\n"
                     "plugin.security.cipher_suites = TLS_AES_128_GCM_SHA256, "
                     "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
                     "plugin.security.ecc_curves = X25519, CurveP256\n");
  REQUIRE(complaints(result) == "");
  auto& o = result.opts;
  CHECK(o.client.host == "10.0.0.1");
  CHECK(o.client.port == 4223);
  CHECK(o.client.advertise == "nats.example.net:4222");
  CHECK(o.timing.write_deadline == 5s);
  CHECK(o.client.tls->timeout == 3s);
  CHECK(o.authorization.timeout == 1500ms);
  CHECK(o.limits.max_connections == 100);
  CHECK(o.limits.handshake_concurrency == 4);
  CHECK(o.timing.lame_duck_duration == 8s);
  CHECK(o.timing.lame_duck_grace_period == 4s);
  CHECK(o.timing.soft_shutdown_timeout == 30s);
  CHECK(o.monitoring.port == 8222);
  CHECK(o.monitoring.host == "::1");
  CHECK(o.logging.format == log_format::json);
  CHECK(o.logging.level == log_level::debug);
  CHECK(o.client.tls->cipher_suites.size() == 2);
  CHECK(o.client.tls->curve_preferences == std::vector<std::string>{"X25519", "CurveP256"});
}

TEST_CASE("the first = splits, comments stand alone and the last repeat wins") {
  auto result = with(" # comment\n\t#another\nidentity = a=b # c\nidentity\t=\tlast \t\r\n");
  CHECK(complaints(result) == "");
  CHECK(result.opts.server_name == "last");
}

TEST_CASE("each mistake in Choria's format has its sentence") {
  const std::string n = "plugin.choria.network.";
  const mistake mistakes[] = {
      {n + "client_port = abc",
       "broker.conf:7: " + n + "client_port must be a whole number, not \"abc\""},
      {n + "client_port = 70000",
       "broker.conf:7: " + n + "client_port must lie between -1 and 65535, not 70000"},
      {n + "write_deadline = soon",
       "broker.conf:7: " + n + "write_deadline must be a duration such as 10s or 2m, not \"soon\""},
      {n + "client_tls_disable = maybe",
       "broker.conf:7: " + n + "client_tls_disable must be yes or no, not \"maybe\""},
      {n + "gateway_port = x",
       "broker.conf:7: " + n + "gateway_port must be a whole number, not \"x\""},
      {"plugin.choria.adapter.inv.queue_len = many",
       "broker.conf:7: plugin.choria.adapter.inv.queue_len must be a whole number, not \"many\""},
      {"loglevel = loud",
       "broker.conf:7: loglevel must be one of debug, info, warn, error, fatal, not \"loud\""},
      {"plugin.security.provider = magic",
       "broker.conf:7: plugin.security.provider must be one of puppet, file, pkcs11, certmanager, "
       "choria, not \"magic\""},
      {n + "tls_timeout = 2m",
       "broker.conf:7: " + n + "tls_timeout may not be longer than 1m0s, it is 2m0s"},
      {n + "connect_timeout = 3m",
       "broker.conf:7: " + n + "connect_timeout may not be longer than 2m0s, it is 3m0s"},
      {n + "write_dedline = 5s", "broker.conf:7: nothing reads " + n
                                     + "write_dedline; did you mean \"" + n + "write_deadline\"?"},
      {"no setting here", "broker.conf:7: skipped: this line is no \"key = value\""},
      {"loglevel =", "broker.conf:7: skipped: loglevel has no value"},
      {n + "client_tls_disable = yes\n" + n + "client_tls_force_required = yes",
       "broker.conf:7: " + n + "client_tls_disable and " + n
           + "client_tls_force_required exclude each other; remove one of them"},
      {"plugin.security.file.key = gone.pem",
       "broker.conf: plugin.security.provider = file: plugin.security.file.key: gone.pem cannot be "
       "read"},
      {"identity = a b", "server name cannot contain spaces"},
      {"x = " + std::string(65 * 1024, 'y'),
       "broker.conf:7: a line may not be longer than 64 KiB, this one has 66564 bytes"},
  };
  for (auto& one : mistakes)
    CHECK_MESSAGE(complaints(with(one.text)) == one.complaint, one.text.substr(0, 80));
  auto cipher = complaints(with("plugin.security.cipher_suites = NOPE"));
  CHECK(cipher.find("plugin.security.cipher_suites") != std::string::npos);
  CHECK(cipher.find("NOPE") != std::string::npos);
}

TEST_CASE("missing TLS material and missing roles are told all at once") {
  auto text = complaints(read_text("broker.conf", "plugin.security.provider = file\n"
                                                  "plugin.choria.broker_network = yes\n"));
  CHECK(text
        == "broker.conf: plugin.security.provider = file: plugin.security.file.certificate is not "
           "set; plugin.security.file.key is not set; plugin.security.file.ca is not set");
  text = complaints(read_text("broker.conf", "plugin.choria.stats_port = 8222\n"));
  CHECK(text.starts_with("broker.conf: no role is switched on; set plugin.choria.broker_network"));
}

TEST_CASE("plugin.d overrides the main file, and the environment names the certificate") {
  made_up_world world;
  world.files = {{"/etc/choria/broker.conf", "plugin.choria.broker_network = true\n"
                                             "plugin.choria.stats_port = 1\nidentity = i\n"},
                 {"/etc/choria/plugin.d/choria.cfg", "stats_port = 2\nssldir = ~/ssl"},
                 {"/etc/choria/plugin.d/zz.conf", "never = read"},
                 {"/h/ssl/certs/web.pem", ""},
                 {"/h/ssl/private_keys/web.pem", ""},
                 {"/h/ssl/certs/ca.pem", ""}};
  world.variables = {{"HOME", "/h"}, {"MCOLLECTIVE_CERTNAME", "web"}, {"CHORIA_SRV_DOMAIN", "d"}};
  auto result = world.read("/etc/choria/broker.conf");
  REQUIRE(complaints(result) == "");
  CHECK(result.opts.monitoring.port == 2);
  CHECK(result.opts.client.tls->cert_file == "/h/ssl/certs/web.pem");
  world.variables["HOME"] = "/etc";
  world.files["/etc/ssl/certs/web.pem"] = world.files["/etc/ssl/private_keys/web.pem"] = "";
  auto at_home = world.read("/etc/choria/broker.conf");
  CHECK(at_home.opts.monitoring.port == 1);
}

TEST_CASE("plain TCP for clients is possible, and loud") {
  auto result = with("plugin.choria.network.client_tls_disable = true");
  CHECK_FALSE(result.opts.client.tls);
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.warnings[0].find("in the clear") != std::string::npos);
}

TEST_CASE("keys of features to come never fail; those that keep people out are marked") {
  auto result = with("plugin.choria.network.pprof_port = 4333\n"
                     "plugin.choria.network.client_signer_cert = ab\n"
                     "plugin.choria.network.leafnode_port = 0\n"
                     "plugin.choria.broker_federation = no\n"
                     "plugin.choria.middleware_hosts = a:4222\n");
  CHECK(complaints(result) == "");
  REQUIRE(result.inactive.size() == 2);
  CHECK(result.inactive[0].key == "plugin.choria.network.pprof_port");
  CHECK(result.inactive[0].place == "broker.conf:7");
  CHECK_FALSE(result.inactive[0].restricts_access);
  CHECK(result.inactive[1].key == "plugin.choria.network.client_signer_cert");
  CHECK(result.inactive[1].restricts_access);
}

TEST_CASE("client hosts are addresses and networks, and deny_server_connections needs them") {
  auto result = with("plugin.choria.network.client_hosts = 10.1.2.3, 192.168.0.0/16, ::1\n"
                     "plugin.choria.network.deny_server_connections = yes\n");
  CHECK(complaints(result) == "");
  CHECK(result.inactive.empty());
  CHECK(result.opts.fleet.client_hosts
        == std::vector<std::string>{"10.1.2.3", "192.168.0.0/16", "::1"});
  CHECK(result.opts.fleet.deny_server_connections);
  CHECK(complaints(with("plugin.choria.network.client_hosts = 10.0.0.0/8, web1\n"))
            .find("plugin.choria.network.client_hosts: \"web1\" must be an address")
        != std::string::npos);
  auto alone = with("plugin.choria.network.deny_server_connections = yes\n");
  REQUIRE(alone.warnings.size() == 1);
  CHECK(alone.warnings[0].find("does nothing without") != std::string::npos);
}

TEST_CASE("a file cut at any byte is read without harm") {
  auto text = base + "plugin.choria.network.client_port\t= 7002\r\n# end\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    made_up_world world{{{"broker.conf", text.substr(0, cut)}}, {}};
    auto result = world.read("broker.conf", {}, front_end::choria);
    CHECK(result.used == front_end::choria);
  }
}
