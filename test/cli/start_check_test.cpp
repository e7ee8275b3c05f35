// test/cli/start_check_test.cpp: a file is not called valid if a broker could not start with it.
#include "command_run.hpp"
#include "test/security/test_certificates.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

using namespace troupe::test;

namespace {

/// A folder of its own, gone with the test.
class folder {
public:
  folder() : path_{make_folder()} {}
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  /// Returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{path(name)} << text;
    return path(name);
  }

private:
  std::string path_;
};

} // namespace

TEST_CASE("a certificate file without a certificate is told by a check, with its place") {
  folder here;
  auto no_pem = here.write("no.pem", "not PEM\n");
  auto conf = here.write("a.conf", "port: -1\nwebsocket {\n  port: -1\n  tls {\n    cert_file: \""
                                       + no_pem + "\"\n    key_file: \"" + no_pem + "\"\n  }\n}\n");
  auto place = conf + ":5:5: websocket.tls: ";
  auto checked = run({"run", "--config", conf, "--check"});
  CHECK(checked.code == 1);
  CHECK_MESSAGE(has(checked.err, place), checked.err);
  CHECK_FALSE(has(checked.out, "is valid"));
  // Before anything listens: a start is told the same, and not by its log.
  auto started = run({"run", "--config", conf});
  CHECK(started.code == 1);
  CHECK_MESSAGE(has(started.err, "troupe: " + place), started.err);
}

TEST_CASE("files that two blocks share are judged by what each block demands of them") {
  folder here;
  test_certificates pki;
  auto pair = "cert_file: \"" + pki.server_cert() + "\", key_file: \"" + pki.server_key() + "\"";
  auto conf = here.write("a.conf",
                         "port: -1\ntls {" + pair + "}\ncluster {port: -1, tls {" + pair + "}}\n");
  auto checked = run({"run", "--config", conf, "--check"});
  CHECK(checked.code == 1);
  CHECK_MESSAGE(has(checked.err, "cluster.tls: ca_file: is missing"), checked.err);
  CHECK_FALSE(has(checked.out, "is valid"));
  conf = here.write("a.conf", "port: -1\ntls {" + pair + "}\nwebsocket {port: -1, tls {" + pair
                                  + ", verify: true}}\n");
  checked = run({"run", "--config", conf, "--check"});
  CHECK(checked.code == 1);
  CHECK_MESSAGE(has(checked.err, "websocket.tls: ca_file: is missing"), checked.err);
}

TEST_CASE("a fault of a file that several blocks share is told once") {
  folder here;
  auto no_pem = here.write("no.pem", "not PEM\n");
  auto block = "tls {cert_file: \"" + no_pem + "\", key_file: \"" + no_pem + "\"";
  auto conf =
      here.write("a.conf", "port: -1\n" + block + "}\nwebsocket {port: -1, " + block
                               + ", timeout: 5}}\nleafnodes {remotes [{url: \"nats://h\"}]}\n");
  auto checked = run({"run", "--config", conf, "--check"});
  const std::string text = no_pem + " holds no certificate";
  auto first = checked.err.find(text);
  REQUIRE_MESSAGE(first != std::string::npos, checked.err);
  CHECK_MESSAGE(checked.err.find(text, first + 1) == std::string::npos, checked.err);
}

TEST_CASE("a block that a start leaves alone does not keep it from starting") {
  folder here;
  auto no_pem = here.write("no.pem", "not PEM\n");
  auto tls = "tls {cert_file: \"" + no_pem + "\", key_file: \"" + no_pem + "\"}";
  auto judged = [&](const std::string& blocks) {
    return run({"run", "--config", here.write("a.conf", "port: -1\n" + blocks + "\n"), "--check"});
  };
  auto gateway = [&](const std::string& name) {
    return "gateway {name: A, port: -1, gateways [{name: " + name + ", url: \"nats://h:1\", " + tls
           + "}]}";
  };
  for (const auto& unused :
       {gateway("A"), "websocket {" + tls + "}", "cluster {" + tls + "}", "leafnodes {" + tls + "}",
        "leafnodes {remotes [{url: \"nats://h\", disabled: true, " + tls + "}]}"}) {
    auto checked = judged(unused);
    CHECK_MESSAGE(checked.code == 0, unused << "\n" << checked.err);
  }
  for (const auto& used : {gateway("B"), "websocket {port: -1, " + tls + "}",
                           "cluster {port: -1, " + tls + "}", "leafnodes {port: -1, " + tls + "}",
                           "leafnodes {" + tls + ", remotes [{url: \"nats://h\"}]}"}) {
    auto checked = judged(used);
    CHECK_MESSAGE(has(checked.err, no_pem + " holds no certificate"), used << "\n" << checked.err);
    CHECK(checked.code == 1);
  }
}

TEST_CASE("creds of a leaf node that are none are told by a check") {
  folder here;
  auto creds = here.write("x.creds", "nothing\n");
  auto conf = here.write("a.yaml", "listen: {port: -1}\nleafnodes:\n  remotes: [{url: 'h:7422', "
                                   "credentials: '"
                                       + creds + "'}]\n");
  auto checked = run({"run", "--config", conf, "--check"});
  CHECK(checked.code == 1);
  CHECK_MESSAGE(has(checked.err, conf + ":3:3: leafnodes.remotes (h:7422): credentials " + creds),
                checked.err);
}

TEST_CASE("an operator's store that is not there is told by a check") {
  folder here;
  auto conf =
      here.write("a.yaml", "listen: {port: -1}\noperator: {store: '" + here.path("OPS") + "'}\n");
  auto checked = run({"run", "--config", conf, "--check"});
  CHECK(checked.code == 1);
  CHECK_MESSAGE(has(checked.err, here.path("OPS")), checked.err);
  CHECK(has(checked.err, "name the folder of one operator"));
  auto by_file =
      here.write("a.conf", "operator: \"" + here.path("no.jwt") + "\"\nresolver: MEMORY\n");
  auto second = run({"run", "--config", by_file, "--check"});
  CHECK(second.code == 1);
  CHECK_MESSAGE(has(second.err, here.path("no.jwt") + ": No such file or directory"), second.err);
}

TEST_CASE(
    "what cannot be read is told with the system's reason, and a syntax error with the file") {
  folder here;
  auto directory = run({"run", "--config", here.path("")});
  CHECK_MESSAGE(has(directory.err, "is a directory"), directory.err);
  CHECK(has(run({"run", "--config", here.path("no.conf")}).err, "no such file or directory"));
  auto conf = here.write("a.conf", "port: 4222\nx: ../y\n");
  CHECK(has(run({"run", "--config", conf}).err, "troupe: " + conf + ": Parse error on line 2: "));
}

TEST_CASE("whoever looks at a dialer is told why its last attempt failed") {
  folder here;
  auto socket = here.path("admin.sock");
  auto conf = here.write("a.yaml", "listen: {host: 127.0.0.1, port: -1}\nadmin_socket: " + socket
                                       + "\nleafnodes: {remotes: [{url: '127.0.0.1:1'}]}\n");
  running_process broker{troupe_with({"run", "--config", conf})};
  REQUIRE_MESSAGE(broker.says("127.0.0.1:1 (attempt 1): "), broker.err);
  auto actors = run({"actors", "--socket", socket});
  CHECK_MESSAGE(has(actors.out, " attempts; the last: 127.0.0.1: "), actors.out);
  broker.send_signal(SIGTERM);
  CHECK(broker.finish() == 0);
}

TEST_CASE("a mistyped key is told by each reload, and beside what keeps a broker from starting") {
  folder here;
  const std::string base = "plugin.choria.broker_network = true\n"
                           "plugin.choria.network.client_tls_disable = true\n"
                           "plugin.choria.network.listen_address = 127.0.0.1\n"
                           "plugin.choria.network.client_port = -1\n";
  auto conf = here.write("a.conf", base);
  running_process broker{troupe_with({"broker", "run", "--config", conf})};
  REQUIRE_MESSAGE(broker.says("Server is ready"), broker.err);
  here.write("a.conf", base + "plugin.choria.network.client_hsots = 127.0.0.1\n");
  broker.send_signal(SIGHUP);
  CHECK_MESSAGE(broker.says("did you mean \"plugin.choria.network.client_hosts\"?"), broker.out);
  broker.send_signal(SIGTERM);
  CHECK(broker.finish() == 0);

  here.write("a.conf", "plugin.choria.broker_network = true\n"
                       "plugin.security.provider = file\n"
                       "plugin.security.file.certficate = c.pem\n");
  auto started = run({"broker", "run", "--config", conf});
  CHECK(started.code == 1);
  CHECK_MESSAGE(has(started.err, "did you mean \"plugin.security.file.certificate\"?"),
                started.err);
}
